#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace roomcast {

/// What a request can fail with; the text form goes over the wire (docs/protocol.md, "Errors").
enum class error_code : uint8_t {
  bad_json,
  bad_request,
  unknown_type,
  bad_room,
  too_many_rooms,
  too_large,
  not_member,
  forbidden,
  unauthorized,
  rate_limited,
  draining,
  internal,
  bus_unavailable,
};

/// `bad_json` and so on, exactly as the wire format spells it.
std::string_view to_string(error_code code) noexcept;

/// A failed request: a code for programs, a sentence for people that says what to do about it.
struct error {
  error_code code;
  std::string message;
};

/// A value or the error that took its place.
template <class T, class E = error> class result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(E failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  bool ok() const noexcept { return state_.index() == 0; }

  /// The value; only when ok().
  T& value() & noexcept { return *std::get_if<0>(&state_); }
  const T& value() const& noexcept { return *std::get_if<0>(&state_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  /// The error; only when not ok().
  const E& failure() const& noexcept { return *std::get_if<1>(&state_); }
  E&& failure() && noexcept { return std::move(*std::get_if<1>(&state_)); }

private:
  std::variant<T, E> state_;
};

} // namespace roomcast
