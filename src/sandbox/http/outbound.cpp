#include "sandbox/http/outbound.hpp"

#include "sandbox/http/functions.hpp"

namespace trellis::sandbox {

OutboundHttp::OutboundHttp(std::shared_ptr<const HttpPolicy> policy, HttpSurroundings surroundings)
    : state_(std::make_unique<State>(std::move(policy), std::move(surroundings)))
{
}

OutboundHttp::~OutboundHttp() = default;

std::optional<wasm::HostDefinition> OutboundHttp::define(std::string_view module, std::string_view name)
{
    const auto* found = module == "wasi_experimental_http" ? experimental_http::find_function(name) : nullptr;
    if (found == nullptr)
        return std::nullopt;
    return wasm::HostDefinition{found->type(), found->function};
}

void* OutboundHttp::context()
{
    return state_.get();
}

wasm::ImportProvider OutboundHttp::provider()
{
    return [state = state_.get()](wasm::Store& store, std::string_view module,
                                  std::string_view name) -> std::optional<wasm::Extern> {
        const auto found = define(module, name);
        if (!found)
            return std::nullopt;
        return store.make_host_function(found->type, found->function, state);
    };
}

} // namespace trellis::sandbox
