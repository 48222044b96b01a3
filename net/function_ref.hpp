#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace roomcast::net {

/// A call to something that lives until the call returns. Two pointers, no allocation.
template <class Signature> class function_ref;

template <class R, class... Args> class function_ref<R(Args...)> {
public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, function_ref>) function_ref(F&& f)
  noexcept :
      target_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
      call_([](void* target, Args... args) -> R {
        return (*static_cast<std::remove_reference_t<F>*>(target))(std::forward<Args>(args)...);
      }) {}

  R operator()(Args... args) const { return call_(target_, std::forward<Args>(args)...); }

private:
  void* target_;
  R (*call_)(void*, Args...);
};

} // namespace roomcast::net
