#pragma once

#include "core/limits.hpp"
#include "wire/dialect.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::wire;

// What the tests of decoding share; included behind CAF_SUITE, because the helpers check by themselves.

namespace {

constexpr decode_limits defaults{limits::max_room_name_bytes, limits::max_json_depth};

/// Decodes and keeps text and scratch alive for the views.
class decoded {
public:
  explicit decoded(std::string text, decode_limits bounds = defaults) :
      text_(std::move(text)), result_(rooms_dialect().decode(text_, bounds, scratch_)) {}
  decoded(const decoded&) = delete;

  bool ok() const { return result_.ok(); }
  const request& get() const {
    if (!ok()) CAF_FAIL("refused: " << text_ << ": " << result_.failure().what.message);
    return result_.value();
  }
  const bad_request& failure() const {
    if (ok()) CAF_FAIL("accepted: " << text_);
    return result_.failure();
  }
  const std::string& text() const { return text_; }

private:
  std::string text_;
  std::string scratch_;
  result<request, bad_request> result_;
};

void check_equal(std::string_view found, std::string_view expected) {
  CAF_CHECK_EQUAL(std::string{found}, std::string{expected});
}

} // namespace
