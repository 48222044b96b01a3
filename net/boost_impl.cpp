// Asio and Beast, compiled once for the whole program (BOOST_ASIO_SEPARATE_COMPILATION and its Beast twin).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
