#include "conformance/component_host.hpp"

#include "wasm/component/execution/host_functions.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::conformance {
namespace {

using namespace wasm::component;
using wasm::load_module;
using wasm::parse_text;
using wasm::Trap;

/// Of the suite's resource types only the representation counts.
struct Resource1 {
    std::uint32_t rep;
    ComponentHost& host;
    ~Resource1()
    {
        ++host.drops;
        host.last_drop = rep;
    }
    Resource1(std::uint32_t representation, ComponentHost& of) : rep(representation), host(of) {}
    Resource1(const Resource1&) = delete;
    Resource1& operator=(const Resource1&) = delete;
};
struct Resource2 {};

Resource1& resource1(ComponentStore& store, std::uint32_t rep)
{
    return *static_cast<Resource1*>(store.objects.find(rep));
}

Trap check(ComponentStore& store, bool is_true)
{
    return is_true ? Trap::none : store.trap("the host was given something else than the suite says");
}

Trap return_two(ComponentHost&, ComponentStore&, std::uint32_t& result)
{
    result = 2;
    return Trap::none;
}
Trap return_three(ComponentHost&, ComponentStore&, std::uint32_t& result)
{
    result = 3;
    return Trap::none;
}
Trap return_four(ComponentHost&, ComponentStore&, std::uint32_t& result)
{
    result = 4;
    return Trap::none;
}
Trap return_hi(ComponentHost&, ComponentStore&, std::string& result)
{
    result = "hi";
    return Trap::none;
}
Trap echo(ComponentHost&, ComponentStore&, std::uint32_t value, std::uint32_t& result)
{
    result = value;
    return Trap::none;
}
Trap yield_once(ComponentStore& store)
{
    bool cancelled = false;
    const Trap trap = store.yield(true, cancelled);
    return cancelled ? Trap::interrupted : trap;
}
Trap return_two_slowly(ComponentHost&, ComponentStore& store, std::int32_t& result)
{
    result = 2;
    return yield_once(store);
}
Trap echo_slowly(ComponentHost&, ComponentStore& store, std::uint32_t value, std::uint32_t& result)
{
    result = value;
    return yield_once(store);
}
Trap never_return(ComponentHost&, ComponentStore& store)
{
    bool cancelled = false;
    const Trap trap = store.wait_until([] { return false; }, true, cancelled);
    return cancelled ? Trap::interrupted : trap;
}
Trap method_never_return(ComponentHost& host, ComponentStore& store, Borrow<Resource1>)
{
    return never_return(host, store);
}

Trap construct(ComponentHost& host, ComponentStore& store, std::uint32_t rep, Own<Resource1>& result)
{
    result.rep = store.objects.add(std::make_shared<Resource1>(rep, host));
    return Trap::none;
}
Trap assert_resource(ComponentHost&, ComponentStore& store, Own<Resource1> resource, std::uint32_t rep)
{
    const auto there = std::static_pointer_cast<Resource1>(store.objects.remove(resource.rep));
    return check(store, there->rep == rep);
}
Trap last_drop(ComponentHost& host, ComponentStore&, std::uint32_t& result)
{
    result = host.last_drop;
    return Trap::none;
}
Trap drops(ComponentHost& host, ComponentStore&, std::uint32_t& result)
{
    result = host.drops;
    return Trap::none;
}
Trap simple(ComponentHost&, ComponentStore& store, Borrow<Resource1> self, std::uint32_t rep)
{
    return check(store, resource1(store, self.rep).rep == rep);
}
Trap take_borrow(ComponentHost&, ComponentStore&, Borrow<Resource1>, Borrow<Resource1>)
{
    return Trap::none;
}
Trap take_own(ComponentHost&, ComponentStore& store, Borrow<Resource1>, Own<Resource1> given)
{
    store.objects.remove(given.rep);
    return Trap::none;
}
Trap collect(ComponentHost&, ComponentStore&)
{
    return Trap::none;
}
Trap set_capacity(ComponentHost&, ComponentStore& store, std::uint32_t capacity)
{
    store.set_handle_capacity(capacity);
    return Trap::none;
}

constexpr HostFunction nested_functions[] = {host_function<return_four>("return-four")};
constexpr HostInterface host_instances[] = {{"nested", nested_functions}};
constexpr HostFunction host_functions[] = {
    host_function<return_three>("return-three"),
    host_function<return_hi>("return-hi"),
    host_function<construct>("[constructor]resource1"),
    host_function<assert_resource>("[static]resource1.assert"),
    host_function<last_drop>("[static]resource1.last-drop"),
    host_function<drops>("[static]resource1.drops"),
    host_function<simple>("[method]resource1.simple"),
    host_function<take_borrow>("[method]resource1.take-borrow"),
    host_function<take_own>("[method]resource1.take-own"),
    async_host_function<never_return>("never-return"),
    async_host_function<method_never_return>("[method]resource1.never-return"),
    async_host_function<return_two_slowly>("return-two-slowly"),
    async_host_function<echo_slowly>("echo-slowly"),
};
constexpr HostResource host_resources[] = {
    host_resource<Resource1>("resource1"),
    host_resource<Resource2>("resource2"),
    host_resource<Resource1>("resource1-again"),
};
constexpr HostFunction root_functions[] = {
    host_function<return_two>("host-return-two"),
    async_host_function<echo>("host-echo-u32"),
};
constexpr HostFunction wasmtime_functions[] = {
    host_function<collect>("gc"),
    host_function<set_capacity>("set-max-table-capacity"),
};

constexpr HostInterface host_interface = {"host", host_functions, host_resources, host_instances};
constexpr HostInterface root_interface = {"", root_functions};
constexpr HostInterface wasmtime_interface = {"wasmtime", wasmtime_functions};

} // namespace

void add_component_host(HostImports& imports, ComponentHost& host, ComponentStore& store,
                        const std::shared_ptr<wasm::TypeRegistry>& registry)
{
    (void)store;
    for (const HostInterface* one : {&host_interface, &root_interface, &wasmtime_interface})
        imports.add(HostBinding{one, &host});
    auto simple_module = load_module(parse_text("(module (global (export \"g\") i32 (i32.const 100))"
                                                "  (func (export \"f\") (result i32) i32.const 101))")
                                         .value(),
                                     *registry);
    imports.add_module("host", "simple-module", std::move(*simple_module));
}

} // namespace trellis::conformance
