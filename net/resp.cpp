#include "net/resp.hpp"

#include <algorithm>
#include <cstring>

namespace roomcast::net {

// -- values ------------------------------------------------------------------

std::optional<int64_t> resp_value::integer() const noexcept {
  const auto digits = text();
  int64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [last, problem] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || problem != std::errc{} || last != end) return std::nullopt;
  return value;
}

resp_value resp_value::operator[](size_t index) const noexcept {
  if (index >= size()) return {};
  const auto* child = node_ + 1;
  for (; index > 0; --index) child += child->span;
  return {base_, child};
}

// -- parser ------------------------------------------------------------------

resp_parser::status resp_parser::parse(std::string_view bytes) {
  if (state_ == status::malformed) return state_;
  if (state_ == status::complete) restart();
  for (;;) {
    if (position_ >= bytes.size()) return need(position_ + 1);
    state_ = element(bytes);
    if (state_ != status::complete) return state_;
    if (close_arrays()) break;
  }
  base_ = bytes.data();
  return state_;
}

void resp_parser::restart() noexcept {
  nodes_.clear();
  depth_ = 0;
  announced_ = 1;
  position_ = 0;
}

/// One element at position_; an array counts as complete with its head.
resp_parser::status resp_parser::element(std::string_view bytes) {
  switch (bytes[position_]) {
  case '$': return bulk(bytes);
  case '*': return array(bytes);
  case '+': return line(bytes, resp_type::simple);
  case '-': return line(bytes, resp_type::error);
  case ':': {
    int64_t value = 0;
    size_t end = 0;
    const auto found = number(bytes, value, end);
    if (found != status::complete) return found;
    add(resp_type::integer, position_ + 1, end - 2 - (position_ + 1));
    position_ = end;
    return status::complete;
  }
  default: return fail("unknown type of reply");
  }
}

resp_parser::status resp_parser::line(std::string_view bytes, resp_type type) {
  const size_t begin = position_ + 1;
  const size_t longest = std::min(bytes.size() - begin, limits_.line_bytes + 1);
  const auto* found = static_cast<const char*>(std::memchr(bytes.data() + begin, '\r', longest));
  if (!found) return longest > limits_.line_bytes ? fail("line too long") : need(bytes.size() + 2);
  const auto end = static_cast<size_t>(found - bytes.data());
  if (end + 2 > limits_.reply_bytes) return fail("reply too large");
  if (end + 1 == bytes.size()) return need(end + 2);
  if (bytes[end + 1] != '\n') return fail("line without end");
  add(type, begin, end - begin);
  position_ = end + 2;
  return status::complete;
}

/// The decimal number behind the type byte; `end` is behind its CRLF.
resp_parser::status resp_parser::number(std::string_view bytes, int64_t& value, size_t& end) {
  constexpr size_t longest = 20; // "-9223372036854775808"
  size_t at = position_ + 1;
  const size_t stop = std::min(bytes.size(), at + longest + 1);
  const auto* text = bytes.data();
  const size_t begin = at;
  if (at < stop && text[at] == '-') ++at;
  while (at < stop && text[at] >= '0' && text[at] <= '9') ++at;
  if (at == stop) return at - begin > longest ? fail("number too long") : need(bytes.size() + 1);
  if (text[at] != '\r') return fail("not a number");
  const auto [last, problem] = std::from_chars(text + begin, text + at, value);
  if (problem != std::errc{} || last != text + at) return fail("not a number");
  if (at + 1 == bytes.size()) return need(at + 2);
  if (text[at + 1] != '\n') return fail("number without end");
  end = at + 2;
  if (end > limits_.reply_bytes) return fail("reply too large");
  return status::complete;
}

resp_parser::status resp_parser::bulk(std::string_view bytes) {
  int64_t length = 0;
  size_t begin = 0;
  const auto found = number(bytes, length, begin);
  if (found != status::complete) return found;
  if (length == -1) {
    add(resp_type::null, begin, 0);
    position_ = begin;
    return status::complete;
  }
  if (length < 0) return fail("negative length");
  const auto size = static_cast<uint64_t>(length);
  if (size > limits_.bulk_bytes) return fail("bulk string too large");
  const size_t end = begin + size;
  if (end + 2 > limits_.reply_bytes) return fail("reply too large");
  if (end + 2 > bytes.size()) return need(end + 2);
  if (bytes[end] != '\r' || bytes[end + 1] != '\n') return fail("bulk string without end");
  add(resp_type::bulk, begin, size);
  position_ = end + 2;
  return status::complete;
}

resp_parser::status resp_parser::array(std::string_view bytes) {
  int64_t length = 0;
  size_t end = 0;
  const auto found = number(bytes, length, end);
  if (found != status::complete) return found;
  if (length < -1) return fail("negative length");
  if (length == -1) {
    add(resp_type::null, end, 0);
  } else {
    // A number of elements is only believed, never reserved: each takes its bytes before it takes memory.
    if (static_cast<uint64_t>(length) > limits_.elements - announced_) return fail("too many elements");
    if (depth_ == limits_.depth) return fail("arrays too deep");
    announced_ += static_cast<size_t>(length);
    add(resp_type::array, end, static_cast<size_t>(length));
    open_[depth_++] = {static_cast<uint32_t>(nodes_.size() - 1), static_cast<uint32_t>(length)};
  }
  position_ = end;
  return status::complete;
}

/// After an element: closes the arrays that it completed. True when the whole reply is there.
bool resp_parser::close_arrays() noexcept {
  // An array that has just begun does not count as an element of itself.
  bool whole = nodes_.back().type != resp_type::array;
  while (depth_ > 0) {
    auto& innermost = open_[depth_ - 1];
    if (whole) --innermost.remaining;
    if (innermost.remaining > 0) return false;
    nodes_[innermost.node].span = static_cast<uint32_t>(nodes_.size() - innermost.node);
    --depth_;
    whole = true;
  }
  return true;
}

void resp_parser::add(resp_type type, size_t begin, size_t size) {
  nodes_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(size), 1, type});
}

resp_parser::status resp_parser::need(size_t bytes) noexcept {
  wanted_ = bytes;
  return state_ = status::incomplete;
}

resp_parser::status resp_parser::fail(std::string_view problem) noexcept {
  problem_ = problem;
  return state_ = status::malformed;
}

// -- commands ----------------------------------------------------------------

namespace {

void append_length(std::string& out, char type, size_t length) {
  char head[24];
  head[0] = type;
  auto* end = std::to_chars(head + 1, head + sizeof head - 2, length).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(head, static_cast<size_t>(end - head));
}

} // namespace

void append_bulk(std::string& out, std::string_view word) {
  append_length(out, '$', word.size());
  out.append(word);
  out.append("\r\n", 2);
}

void append_command_head(std::string& out, size_t words) { append_length(out, '*', words); }

} // namespace roomcast::net
