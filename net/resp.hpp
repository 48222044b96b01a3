#pragma once

#include "core/limits.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::net {

enum class resp_type : uint8_t { null, simple, error, integer, bulk, array };

/// One element of a reply, in preorder; an array is followed by what it contains.
struct resp_node {
  uint32_t begin = 0; ///< of the text, counted from the first byte of the reply
  uint32_t size = 0;  ///< bytes of text, or elements of an array
  uint32_t span = 1;  ///< nodes from here to the next sibling
  resp_type type = resp_type::null;
};

/// A view of one complete RESP2 reply or of one element of it. Valid while the bytes it was parsed from and
/// its parser are left alone. Every question is answered for every type: what came from outside never
/// asserts.
class resp_value {
public:
  class iterator;

  /// A null reply.
  resp_value() noexcept = default;
  resp_value(const char* base, const resp_node* node) noexcept : base_(base), node_(node) {}

  resp_type type() const noexcept { return node_ ? node_->type : resp_type::null; }
  bool is_null() const noexcept { return type() == resp_type::null; }
  bool is_error() const noexcept { return type() == resp_type::error; }
  bool is_array() const noexcept { return type() == resp_type::array; }

  /// The text of a status, an error (without its `-`), an integer or a bulk string; empty otherwise.
  std::string_view text() const noexcept {
    if (!node_ || is_array()) return {};
    return {base_ + node_->begin, node_->size};
  }
  /// The number that an integer reply or a text is; nothing if it is none or over 64 bits.
  std::optional<int64_t> integer() const noexcept;

  /// Elements of an array; 0 otherwise.
  size_t size() const noexcept { return is_array() ? node_->size : 0; }
  /// The element at `index`, in linear time; null behind the end.
  resp_value operator[](size_t index) const noexcept;

  /// The elements of an array, in order.
  iterator begin() const noexcept;
  iterator end() const noexcept;

private:
  const char* base_ = nullptr;
  const resp_node* node_ = nullptr;
};

/// Steps over the elements of an array.
class resp_value::iterator {
public:
  iterator(const char* base, const resp_node* node) noexcept : base_(base), node_(node) {}
  resp_value operator*() const noexcept { return {base_, node_}; }
  iterator& operator++() noexcept {
    node_ += node_->span;
    return *this;
  }
  bool operator==(const iterator& other) const noexcept { return node_ == other.node_; }

private:
  const char* base_;
  const resp_node* node_;
};

inline resp_value::iterator resp_value::begin() const noexcept {
  return {base_, is_array() ? node_ + 1 : node_};
}

inline resp_value::iterator resp_value::end() const noexcept {
  return {base_, is_array() ? node_ + node_->span : node_};
}

/// What a parser accepts; anything beyond is malformed as soon as it is announced.
struct resp_limits {
  size_t line_bytes = limits::redis_max_line_bytes;
  size_t bulk_bytes = limits::redis_max_bulk_bytes;
  size_t reply_bytes = limits::redis_max_reply_bytes; ///< below 4 GiB
  size_t elements = limits::redis_max_elements;
  size_t depth = limits::redis_max_depth; ///< at most limits::redis_max_depth
};

/// RESP2 replies (https://redis.io/docs/reference/protocol-spec), one at a time, without copying and without
/// allocating once its node list has grown. An incomplete reply is taken up where it was left. One thread.
class resp_parser {
public:
  enum class status : uint8_t { incomplete, complete, malformed };

  explicit resp_parser(resp_limits bounds = {}) noexcept : limits_(bounds) {}

  /// Looks at the reply that begins with the first of `bytes`. After `incomplete`, call again with the same
  /// bytes, wherever they are now, and more behind them. After `malformed`, never again.
  status parse(std::string_view bytes);

  /// After `complete`: the reply, a view into `bytes` and this parser.
  resp_value value() const noexcept { return {base_, nodes_.data()}; }
  /// After `complete`: how many bytes the reply took.
  size_t consumed() const noexcept { return position_; }
  /// After `incomplete`: the reply has at least so many bytes.
  size_t wanted() const noexcept { return wanted_; }
  /// After `malformed`: what is wrong.
  std::string_view problem() const noexcept { return problem_; }

private:
  struct open_array {
    uint32_t node = 0;
    uint32_t remaining = 0;
  };

  void restart() noexcept;
  status element(std::string_view bytes);
  status line(std::string_view bytes, resp_type type);
  status number(std::string_view bytes, int64_t& value, size_t& end);
  status bulk(std::string_view bytes);
  status array(std::string_view bytes);
  void add(resp_type type, size_t begin, size_t size);
  status need(size_t bytes) noexcept;
  status fail(std::string_view problem) noexcept;
  bool close_arrays() noexcept;

  resp_limits limits_;
  std::vector<resp_node> nodes_;
  std::array<open_array, limits::redis_max_depth> open_{};
  size_t depth_ = 0;
  size_t announced_ = 1; // elements of this reply so far, those still to come included
  size_t position_ = 0;
  size_t wanted_ = 1;
  const char* base_ = nullptr;
  std::string_view problem_;
  status state_ = status::complete;
};

/// Appends one word of a command as bulk string.
void append_bulk(std::string& out, std::string_view word);
/// Appends the head of a command of `words` words, command name included; as many append_bulk() follow.
void append_command_head(std::string& out, size_t words);

/// Appends a whole command.
inline void append_command(std::string& out, std::span<const std::string_view> words) {
  append_command_head(out, words.size());
  for (auto word : words) append_bulk(out, word);
}

inline void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  append_command(out, std::span{words.begin(), words.size()});
}

} // namespace roomcast::net
