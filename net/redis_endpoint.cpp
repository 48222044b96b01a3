#include "net/redis_endpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace roomcast::net {

namespace {

using parsed = result<redis_endpoint, std::string>;

constexpr unsigned max_database = 65'535; // Redis has 16 unless told otherwise
constexpr uint16_t redis_port = 6'379;
constexpr uint16_t sentinel_port = 26'379;
constexpr size_t max_sentinels = 16; // three or five are usual; each attempt may ask all of them

struct url_scheme {
  std::string_view text;
  bool tls;
  bool sentinel;
};

constexpr std::array schemes{
    url_scheme{"redis://", false, false}, url_scheme{"rediss://", true, false},
    url_scheme{"redis+sentinel://", false, true}, url_scheme{"rediss+sentinel://", true, true}};

std::optional<int> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// RFC 3986 section 2.1; nothing for a broken escape.
std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

std::optional<unsigned> decimal(std::string_view text, unsigned max) noexcept {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [last, problem] = std::from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc{} || last != end || value > max) return std::nullopt;
  return value;
}

bool is_host(std::string_view text, std::string_view also) noexcept {
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && also.find(c) == std::string_view::npos) return false;
  }
  return !text.empty() && text.size() <= 255;
}

// Each returns what is wrong, or "". None repeats its text: a password may have got anywhere in it.

std::string read_credentials(redis_endpoint& out, std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size())
    return "the part before @ must be USER:PASSWORD or :PASSWORD";
  const auto user = decode_percent(text.substr(0, colon));
  const auto password = decode_percent(text.substr(colon + 1));
  if (!user || !password)
    return "user or password has a % that is not followed by two hex digits (write %25)";
  out.user = *user;
  out.password = *password;
  return {};
}

std::string read_database(redis_endpoint& out, std::string_view text) {
  if (text.empty()) return {};
  const auto number = decimal(text, max_database);
  if (!number) return "the database behind the host must be a number, as in redis://host/0";
  out.database = *number;
  return {};
}

std::string read_port(redis_address& out, std::string_view text) {
  const auto number = decimal(text, 65'535);
  if (!number || *number == 0) return "the port must be 1-65535";
  out.port = static_cast<uint16_t>(*number);
  return {};
}

std::string read_address(redis_address& out, std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == std::string_view::npos) return "a [ without ]";
  const auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  auto port = end == std::string_view::npos ? std::string_view{} : text.substr(end + (bracketed ? 1 : 0));
  if (host.empty()) return "the host is missing";
  if (!is_host(host, bracketed ? ":.%" : ".-_")) return "the host is no name or address (IPv6 goes into [])";
  out.host = host;
  if (port.empty()) return {};
  if (port[0] != ':') return "the port must be 1-65535";
  return read_port(out, port.substr(1));
}

/// Behind the credentials: `host[:port][/db]`.
std::string read_server(redis_endpoint& out, std::string_view text) {
  const auto slash = text.find('/');
  redis_address address{{}, redis_port};
  if (auto problem = read_address(address, text.substr(0, slash)); !problem.empty()) return problem;
  out.host = address.host;
  out.port = address.port;
  return slash == std::string_view::npos ? "" : read_database(out, text.substr(slash + 1));
}

std::string read_master(redis_endpoint& out, std::string_view text) {
  const auto slash = text.find('/');
  const auto name = text.substr(0, slash);
  if (!is_host(name, ".-_"))
    return "behind the sentinels must stand the name of the master, as in redis+sentinel://host/mymaster/0";
  out.master_name = name;
  return slash == std::string_view::npos ? "" : read_database(out, text.substr(slash + 1));
}

/// Behind the credentials: `host[:port][,host[:port]...]/MASTER_NAME[/db]`.
std::string read_sentinels(redis_endpoint& out, std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  auto hosts = text.substr(0, slash);
  for (bool more = true; more;) {
    const auto comma = std::min(hosts.find(','), hosts.size());
    auto& next = out.sentinels.emplace_back(redis_address{{}, sentinel_port});
    if (out.sentinels.size() > max_sentinels) return "at most 16 sentinels";
    if (auto problem = read_address(next, hosts.substr(0, comma)); !problem.empty()) return problem;
    more = comma < hosts.size();
    hosts.remove_prefix(more ? comma + 1 : comma);
  }
  return read_master(out, slash < text.size() ? text.substr(slash + 1) : std::string_view{});
}

} // namespace

result<redis_endpoint, std::string> redis_endpoint::parse(std::string_view url) {
  const auto scheme = std::find_if(
      schemes.begin(), schemes.end(), [&](const url_scheme& known) { return url.starts_with(known.text); });
  if (scheme == schemes.end())
    return parsed{std::string{"must begin with redis://, rediss:// (TLS), redis+sentinel:// or "
                              "rediss+sentinel://"}};
  url.remove_prefix(scheme->text.size());
  redis_endpoint out;
  out.tls = scheme->tls;
  std::string problem;
  // The last @: a password may hold one, what follows may not.
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    problem = read_credentials(out, url.substr(0, at));
    url.remove_prefix(at + 1);
  }
  if (problem.empty()) problem = scheme->sentinel ? read_sentinels(out, url) : read_server(out, url);
  return problem.empty() ? parsed{std::move(out)} : parsed{std::move(problem)};
}

std::string redis_endpoint::name() const {
  const auto where = sentinels.empty() ? redis_address{host, port}.name() : "sentinel " + master_name;
  return where + "/" + std::to_string(database);
}

std::string redis_address::name() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace roomcast::net
