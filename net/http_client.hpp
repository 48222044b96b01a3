#pragma once

#include "core/error.hpp"

#include <chrono>
#include <string>

namespace roomcast::net {

struct http_client_response {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// GET of `http://host[:port][/path]` (port 80 by default, IPv6 in brackets), for the command line: blocks at
/// most `timeout` (a name server may add its own). Any status is a response; the error is one line,
/// `cannot reach http://...: Connection refused`. `bearer_token`: for Authorization, "" for none. Bodies up
/// to 64 MiB. Any thread.
result<http_client_response, std::string>
http_get(const std::string& url, std::chrono::milliseconds timeout, const std::string& bearer_token = {});

} // namespace roomcast::net
