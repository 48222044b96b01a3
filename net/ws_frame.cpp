#include "net/ws_frame.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace roomcast::net {
namespace {

using mask_key = std::array<char, 4>;

constexpr size_t max_client_header_bytes = 14;

bool is_control(opcode op) noexcept { return op >= opcode::close; }

bool is_reserved(opcode op) noexcept {
  return op > opcode::pong || (op > opcode::binary && op < opcode::close);
}

/// Masking and unmasking are the same (RFC 6455 section 5.3). Eight bytes at a time: every byte that a client
/// sends passes through here.
void apply_mask(char* bytes, size_t size, mask_key key) noexcept {
  uint32_t half = 0;
  std::memcpy(&half, key.data(), sizeof half);
  const uint64_t whole = uint64_t{half} << 32 | half; // the same in either byte order
  size_t i = 0;
  for (; i + sizeof whole <= size; i += sizeof whole) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    word ^= whole;
    std::memcpy(bytes + i, &word, sizeof word);
  }
  for (; i < size; ++i) bytes[i] ^= key[i & 3];
}

/// The key for what follows `n` bytes masked with `key`.
mask_key turned(mask_key key, size_t n) noexcept {
  return {key[n & 3], key[(n + 1) & 3], key[(n + 2) & 3], key[(n + 3) & 3]};
}

uint64_t read_big_endian(const char* bytes, size_t size) noexcept {
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

} // namespace

// -- encoding ----------------------------------------------------------------

size_t write_frame_header(char* out, opcode op, size_t payload_size) noexcept {
  const size_t size = frame_header_size(payload_size);
  out[0] = static_cast<char>(0x80 | static_cast<uint8_t>(op));
  if (size == 2) {
    out[1] = static_cast<char>(payload_size);
    return size;
  }
  out[1] = size == 4 ? 126 : 127;
  for (size_t i = size; i > 2; payload_size >>= 8) out[--i] = static_cast<char>(payload_size & 0xFF);
  return size;
}

void append_frame(bytes_builder& out, opcode op, std::string_view payload) {
  const size_t header = frame_header_size(payload.size());
  char* place = out.extend(header + payload.size());
  write_frame_header(place, op, payload.size());
  if (!payload.empty()) std::memcpy(place + header, payload.data(), payload.size());
}

void append_frame(std::string& out, opcode op, std::string_view payload) {
  std::array<char, max_frame_header_bytes> header;
  out.append(header.data(), write_frame_header(header.data(), op, payload.size()));
  out.append(payload);
}

void append_client_frame(
    std::string& out, opcode op, std::string_view payload, std::array<char, 4> key, bool final) {
  std::array<char, max_frame_header_bytes> header;
  const size_t header_size = write_frame_header(header.data(), op, payload.size());
  if (!final) header[0] &= 0x7F;
  header[1] |= static_cast<char>(0x80);
  out.append(header.data(), header_size).append(key.data(), key.size());
  const size_t begin = out.size();
  out.append(payload);
  apply_mask(out.data() + begin, payload.size(), key);
}

std::string close_payload(close_code code, std::string_view reason) {
  const auto number = static_cast<uint16_t>(code);
  if (!may_be_received(number)) return {};
  size_t size = std::min(reason.size(), max_control_bytes - 2);
  if (size < reason.size())
    while (size > 0 && (reason[size] & 0xC0) == 0x80) --size;
  std::string payload{static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
  return payload.append(reason.substr(0, size));
}

// -- decoding ----------------------------------------------------------------

/// A frame header; `size` is how many bytes it has, as far as is known from those that are there.
struct ws_decoder::head {
  opcode op = opcode::continuation;
  bool final = false;
  bool complete = false;
  uint8_t size = 2;
  mask_key mask{};
  uint64_t length = 0;
};

/// What is kept of an incomplete header, frame or message.
struct ws_decoder::partial {
  std::array<char, max_client_header_bytes> raw; // an incomplete header
  uint8_t raw_size = 0;
  bool in_frame = false;   // the header is complete, the payload is not
  bool in_message = false; // a data frame began a message that has not ended
  bool binary = false;
  utf8_validator text;
  head frame;       // its mask is turned to where the payload goes on
  uint64_t due = 0; // payload bytes of the frame that have not arrived
  std::string message;
  std::string control; // a control frame may come in the middle of a message
};

ws_decoder::ws_decoder(sender from, size_t max_message_bytes) noexcept :
    max_message_bytes_(
        static_cast<uint32_t>(std::min<size_t>(max_message_bytes, std::numeric_limits<uint32_t>::max()))),
    from_(from) {}
ws_decoder::ws_decoder(ws_decoder&&) noexcept = default;
ws_decoder& ws_decoder::operator=(ws_decoder&&) noexcept = default;
ws_decoder::~ws_decoder() = default;

frame_event ws_decoder::next(std::span<char>& bytes) {
  forget_delivered();
  while (!done_) {
    if (!partial_ || !partial_->in_frame) {
      head h;
      if (const auto wrong = take_head(bytes, h)) return fail(*wrong);
      if (!h.complete) return {};
      if (is_whole(h, bytes.size())) return take_whole(bytes, h);
      begin_frame(h);
    }
    if (const auto wrong = take_piece(bytes)) return fail(*wrong);
    if (partial_->due > 0) return {};
    if (const auto event = finish_frame(); event.kind != frame_event::none) return event;
  }
  bytes = {};
  return {};
}

/// Takes a header from the front of `bytes`, together with what is kept of it; an incomplete one is kept.
ws_decoder::problem ws_decoder::take_head(std::span<char>& bytes, head& h) {
  if (!partial_ || partial_->raw_size == 0) {
    const auto wrong = inspect(h, bytes);
    if (h.complete) bytes = bytes.subspan(h.size);
    if (wrong || h.complete || bytes.empty()) return wrong;
  }
  auto& raw = kept().raw;
  auto& have = partial_->raw_size;
  for (;;) {
    if (const auto wrong = inspect(h, {raw.data(), have})) return wrong;
    if (h.complete) have = 0;
    if (h.complete || bytes.empty()) return {};
    const size_t n = std::min<size_t>(h.size - have, bytes.size());
    std::memcpy(raw.data() + have, bytes.data(), n);
    have = static_cast<uint8_t>(have + n);
    bytes = bytes.subspan(n);
  }
}

/// Reads as much of a header as is there and answers what is wrong with it (RFC 6455 section 5.2).
ws_decoder::problem ws_decoder::inspect(head& h, std::span<const char> bytes) const noexcept {
  if (bytes.empty()) return {};
  if (!first_byte_allowed(h, static_cast<uint8_t>(bytes[0]))) return close_code::protocol_error;
  if (bytes.size() < 2) return {};
  const auto second = static_cast<uint8_t>(bytes[1]);
  const bool masked = second & 0x80;
  const size_t length = second & 0x7F;
  if (masked != (from_ == sender::client)) return close_code::protocol_error;
  if (is_control(h.op) && length > max_control_bytes) return close_code::protocol_error;
  const size_t more = length < 126 ? 0 : length == 126 ? 2 : 8;
  h.size = static_cast<uint8_t>(2 + more + (masked ? 4 : 0));
  if (bytes.size() < 2 + more) return {};
  h.length = more == 0 ? length : read_big_endian(bytes.data() + 2, more);
  // The shortest form is required, and the top bit must be clear.
  if ((more == 2 && h.length < 126) || (more == 8 && (h.length <= 0xFFFF || h.length >> 63 != 0)))
    return close_code::protocol_error;
  if (!is_control(h.op) && h.length > room_left()) return close_code::message_too_big;
  if (bytes.size() < h.size) return {};
  if (masked) std::memcpy(h.mask.data(), bytes.data() + 2 + more, h.mask.size());
  h.complete = true;
  return {};
}

bool ws_decoder::first_byte_allowed(head& h, uint8_t first) const noexcept {
  h.final = first & 0x80;
  h.op = static_cast<opcode>(first & 0x0F);
  const bool extension_bits = first & 0x70; // none was negotiated
  if (extension_bits || is_reserved(h.op)) return false;
  if (is_control(h.op)) return h.final;
  return (h.op == opcode::continuation) == in_message();
}

bool ws_decoder::is_whole(const head& h, size_t available) const noexcept {
  return available >= h.length && (is_control(h.op) || (h.final && h.op != opcode::continuation));
}

/// The usual case: nothing is kept, the event's payload is a view into the input.
frame_event ws_decoder::take_whole(std::span<char>& bytes, const head& h) {
  const auto payload = bytes.first(h.length);
  bytes = bytes.subspan(h.length);
  if (from_ == sender::client) apply_mask(payload.data(), payload.size(), h.mask);
  const std::string_view view{payload.data(), payload.size()};
  if (is_control(h.op)) return control_event(h.op, view);
  const bool binary = h.op == opcode::binary;
  if (!binary && !is_utf8(view)) return fail(close_code::invalid_payload);
  return {frame_event::message, binary, close_code::no_status, view};
}

void ws_decoder::begin_frame(const head& h) {
  auto& p = kept();
  p.in_frame = true;
  p.frame = h;
  p.due = h.length;
  if (is_control(h.op)) {
    p.control.clear();
  } else if (h.op != opcode::continuation) {
    p.in_message = true;
    p.binary = h.op == opcode::binary;
  }
}

/// Takes what is there of the payload of the current frame. Text is checked at once: invalid bytes end the
/// connection before the rest of them is paid for.
ws_decoder::problem ws_decoder::take_piece(std::span<char>& bytes) {
  auto& p = *partial_;
  const auto n = static_cast<size_t>(std::min<uint64_t>(p.due, bytes.size()));
  const std::string_view piece{bytes.data(), n};
  if (from_ == sender::client) {
    apply_mask(bytes.data(), n, p.frame.mask);
    p.frame.mask = turned(p.frame.mask, n);
  }
  bytes = bytes.subspan(n);
  p.due -= n;
  if (is_control(p.frame.op)) {
    p.control.append(piece);
    return {};
  }
  if (!p.binary && !p.text.feed(piece)) return close_code::invalid_payload;
  p.message.append(piece);
  return {};
}

frame_event ws_decoder::finish_frame() {
  auto& p = *partial_;
  p.in_frame = false;
  if (is_control(p.frame.op)) return control_event(p.frame.op, p.control);
  if (!p.frame.final) return {};
  p.in_message = false;
  if (!p.binary && !p.text.complete()) return fail(close_code::invalid_payload);
  return {frame_event::message, p.binary, close_code::no_status, p.message};
}

frame_event ws_decoder::control_event(opcode op, std::string_view payload) noexcept {
  if (op == opcode::close) return close_event(payload);
  const auto kind = op == opcode::ping ? frame_event::ping : frame_event::pong;
  return {kind, false, close_code::no_status, payload};
}

/// RFC 6455 section 5.5.1: nothing, or a code and a reason.
frame_event ws_decoder::close_event(std::string_view payload) noexcept {
  if (payload.size() == 1) return fail(close_code::protocol_error);
  auto code = close_code::no_status;
  if (!payload.empty()) {
    const auto number = static_cast<uint16_t>(read_big_endian(payload.data(), 2));
    if (!may_be_received(number)) return fail(close_code::protocol_error);
    code = static_cast<close_code>(number);
    payload.remove_prefix(2);
    if (!is_utf8(payload)) return fail(close_code::invalid_payload);
  }
  done_ = true;
  return {frame_event::close, false, code, payload};
}

frame_event ws_decoder::fail(close_code code) noexcept {
  done_ = true;
  return {frame_event::failed, false, code, {}};
}

bool ws_decoder::in_message() const noexcept { return partial_ && partial_->in_message; }

/// How many bytes the message may still get.
size_t ws_decoder::room_left() const noexcept {
  return max_message_bytes_ - (in_message() ? partial_->message.size() : 0);
}

/// The payload of the last event may have been a view into `partial_`; now it is not needed any more.
void ws_decoder::forget_delivered() noexcept {
  if (partial_ && (done_ || (!partial_->in_frame && !partial_->in_message && partial_->raw_size == 0)))
    partial_.reset();
}

ws_decoder::partial& ws_decoder::kept() {
  if (!partial_) partial_ = std::make_unique<partial>();
  return *partial_;
}

} // namespace roomcast::net
