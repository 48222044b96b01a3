#include "tests/support/certificates.hpp"

#include <cstdlib>
#include <stdexcept>

namespace roomcast::test {
namespace {

void openssl(const std::string& arguments) {
  const auto command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                       + arguments + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl makes no certificates");
}

} // namespace

certificates::certificates(const std::string& name) {
  const auto authority_key = directory_.path("authority.key");
  openssl("-subj /CN=authority -keyout " + authority_key + " -out " + authority());
  openssl(
      "-subj /CN=server -addext subjectAltName=" + name + " -CA " + authority() + " -CAkey " + authority_key
      + " -keyout " + key() + " -out " + certificate());
}

} // namespace roomcast::test
