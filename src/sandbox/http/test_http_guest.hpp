// For tests: a guest whose exports are the functions of wasi_experimental_http, called with real memory.
#pragma once

#include "base/format.hpp"
#include "sandbox/http/functions.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <numeric>

namespace trellis::sandbox {

using experimental_http::HttpError;

class HttpGuest {
public:
    HttpGuest(std::shared_ptr<const HttpPolicy> policy, HttpSurroundings surroundings,
              std::string_view memory = "(memory (export \"memory\") 1 1)")
        : http(std::move(policy), std::move(surroundings))
    {
        wasm::Linker linker;
        linker.add_provider(http.provider());
        const auto text = module_text(memory);
        const auto module = wasm::load_module(wasm::parse_text(text).value(), *registry_).value();
        instance_ = linker.instantiate(store, module).value();
    }

    HttpError call(std::string_view name, std::initializer_list<std::uint32_t> arguments)
    {
        std::vector<wasm::Value> values;
        for (const std::uint32_t argument : arguments)
            values.push_back(wasm::Value::of_i32(argument));
        auto* function = std::get<wasm::Function*>(*wasm::find_export(*instance_, name));
        const auto result = wasm::invoke(store, *function, values).value();
        return static_cast<HttpError>(result[0].slots[0].u32);
    }

    static constexpr std::uint32_t url_at = 0, method_at = 1000, headers_at = 2000, body_at = 3000, status_at = 10'000,
                                   handle_at = 10'004, count_at = 10'008, buffer_at = 20'000, buffer_size = 40'000;

    HttpError req(std::string_view url, std::string_view method = "GET", std::string_view headers = "",
                  std::string_view body = "")
    {
        return call("req", {url_at, put(url_at, url), method_at, put(method_at, method), headers_at,
                            put(headers_at, headers), body_at, put(body_at, body), status_at, handle_at});
    }
    [[nodiscard]] std::uint16_t status() { return at<std::uint16_t>(status_at); }
    [[nodiscard]] std::uint32_t handle() { return at<std::uint32_t>(handle_at); }
    /// The value, or the error's number in angle brackets.
    std::string header(std::uint32_t handle, std::string_view name)
    {
        return buffer(call("header_get", {handle, url_at, put(url_at, name), buffer_at, buffer_size, count_at}));
    }
    std::string headers(std::uint32_t handle)
    {
        return buffer(call("headers_get_all", {handle, buffer_at, buffer_size, count_at}));
    }
    std::string read(std::uint32_t handle, std::uint32_t size = buffer_size)
    {
        return buffer(call("body_read", {handle, buffer_at, size, count_at}));
    }
    std::string read_all(std::uint32_t handle)
    {
        std::string all;
        for (std::string part = read(handle); !part.empty(); part = read(handle)) {
            all += part;
            if (part.starts_with('<'))
                break;
        }
        return all;
    }

    std::uint32_t put(std::uint32_t address, std::string_view text)
    {
        std::memcpy(bytes() + address, text.data(), text.size());
        return static_cast<std::uint32_t>(text.size());
    }
    template <class T>
    T at(std::uint32_t address)
    {
        T value;
        std::memcpy(&value, bytes() + address, sizeof value);
        return value;
    }
    std::byte* bytes() { return instance_->memories[0]->base(); }

private:
    static std::string module_text(std::string_view memory)
    {
        std::string text = "(module ";
        std::string functions;
        for (const auto& [name, count] :
             {std::pair{"req", 10}, {"close", 1}, {"header_get", 6}, {"headers_get_all", 4}, {"body_read", 4}}) {
            std::string parameters, gets;
            for (int i = 0; i < count; ++i) {
                parameters += " i32";
                gets += format(" local.get {}", i);
            }
            text += format("(import \"wasi_experimental_http\" \"{0}\" (func ${0} (param{1}) (result i32)))", name,
                           parameters);
            functions += format("(func (export \"{0}\") (param{1}) (result i32){2} call ${0})", name, parameters, gets);
        }
        return text + functions + std::string(memory) + ")";
    }
    std::string buffer(HttpError error)
    {
        if (error != HttpError::success)
            return format("<{}>", static_cast<int>(error));
        return {reinterpret_cast<const char*>(bytes()) + buffer_at, at<std::uint32_t>(count_at)};
    }

public:
    OutboundHttp http;

private:
    std::shared_ptr<wasm::TypeRegistry> registry_ = std::make_shared<wasm::TypeRegistry>();

public:
    wasm::Store store{registry_, wasm::interpreter_tier};

private:
    wasm::Instance* instance_ = nullptr;
};

} // namespace trellis::sandbox
