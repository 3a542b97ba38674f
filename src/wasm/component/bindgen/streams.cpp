#include "wasm/component/bindgen/streams.hpp"

#include "base/format.hpp"

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

/// One function may mention a type of a thousand futures a thousand times.
constexpr std::size_t max_streams = 10'000;

/// Looks for the streams and futures in types: parts first, each time one is mentioned.
class Search {
public:
    explicit Search(const Bindings& bindings) : bindings_(bindings) {}

    void in(const Typed& typed)
    {
        const auto* kind = bindings_.kind(typed);
        if (kind == nullptr || resource_in(*kind) != nullptr || found_.size() >= max_streams)
            return;
        const auto id = std::get<TypeId>(typed.type);
        if (empty_.contains(id))
            return;
        const auto before = found_.size();
        for_each_type(*kind, [&](const Type& part) { in(bindings_.scopes.inside(typed, part)); });
        if (std::holds_alternative<Future>(*kind) || std::holds_alternative<Stream>(*kind))
            found_.push_back(typed);
        if (found_.size() == before)
            empty_.insert(id);
    }

    [[nodiscard]] const std::vector<Typed>& found() const { return found_; }

private:
    const Bindings& bindings_;
    std::vector<Typed> found_;
    std::set<TypeId> empty_; ///< types without any, so that nobody looks twice
};

constexpr std::string_view declarations = R"(
typedef uint32_t @stem@_writer_t;

extern @type@ @stem@_new(@stem@_writer_t *writer);
extern @world@_waitable_status_t @stem@_read(@type@ reader@read_parameters@);
extern @world@_waitable_status_t @stem@_write(@stem@_writer_t writer@write_parameters@);
extern @world@_waitable_status_t @stem@_cancel_read(@type@ reader);
extern @world@_waitable_status_t @stem@_cancel_write(@stem@_writer_t writer);
extern void @stem@_drop_readable(@type@ reader);
extern void @stem@_drop_writable(@stem@_writer_t writer);
)";

constexpr std::string_view definitions = R"(
__attribute__((__import_module__("@module@"), __import_name__("[@kind@-new-@index@]@function@")))
extern uint64_t __wasm_import_@stem@_new(void);
__attribute__((__import_module__("@module@"), __import_name__("[async-lower][@kind@-read-@index@]@function@")))
extern uint32_t __wasm_import_@stem@_read(uint32_t reader, void *buf@core_parameters@);
__attribute__((__import_module__("@module@"), __import_name__("[async-lower][@kind@-write-@index@]@function@")))
extern uint32_t __wasm_import_@stem@_write(uint32_t writer, const void *buf@core_parameters@);
__attribute__((__import_module__("@module@"), __import_name__("[@kind@-cancel-read-@index@]@function@")))
extern uint32_t __wasm_import_@stem@_cancel_read(uint32_t reader);
__attribute__((__import_module__("@module@"), __import_name__("[@kind@-cancel-write-@index@]@function@")))
extern uint32_t __wasm_import_@stem@_cancel_write(uint32_t writer);
__attribute__((__import_module__("@module@"), __import_name__("[@kind@-drop-readable-@index@]@function@")))
extern void __wasm_import_@stem@_drop_readable(uint32_t reader);
__attribute__((__import_module__("@module@"), __import_name__("[@kind@-drop-writable-@index@]@function@")))
extern void __wasm_import_@stem@_drop_writable(uint32_t writer);

@type@ @stem@_new(@stem@_writer_t *writer) {
    const uint64_t both = __wasm_import_@stem@_new();
    *writer = (@stem@_writer_t) (both >> 32);
    return (@type@) both;
}

@world@_waitable_status_t @stem@_read(@type@ reader@read_parameters@) {
    return __wasm_import_@stem@_read(reader, @arguments@);
}

@world@_waitable_status_t @stem@_write(@stem@_writer_t writer@write_parameters@) {
    return __wasm_import_@stem@_write(writer, @arguments@);
}

@world@_waitable_status_t @stem@_cancel_read(@type@ reader) {
    return __wasm_import_@stem@_cancel_read(reader);
}

@world@_waitable_status_t @stem@_cancel_write(@stem@_writer_t writer) {
    return __wasm_import_@stem@_cancel_write(writer);
}

void @stem@_drop_readable(@type@ reader) {
    __wasm_import_@stem@_drop_readable(reader);
}

void @stem@_drop_writable(@stem@_writer_t writer) {
    __wasm_import_@stem@_drop_writable(writer);
}
)";

class StreamFunctions {
public:
    StreamFunctions(Bindings& bindings, const Function& function, ScopeId scope, bool is_export)
        : bindings_(bindings), function_(escaped(function.name)),
          module_((is_export ? "[export]" : "") + escaped(bindings.scopes[scope].module))
    {
    }

    void add(const Typed& typed, std::size_t index)
    {
        const auto* future = std::get_if<Future>(bindings_.kind(typed));
        const bool is_stream = future == nullptr;
        const auto payload = is_stream ? std::get<Stream>(*bindings_.kind(typed)).type : future->type;
        const auto element = payload ? bindings_.names.of(bindings_.scopes.inside(typed, *payload)) : std::string();
        const std::string amount = is_stream ? ", size_t amt" : "";
        const auto number = format("{}", index);
        const auto expand = [&](std::string_view code) {
            return fill(code, {{"stem", bindings_.names.stem(typed)},
                               {"type", bindings_.names.of(typed)},
                               {"world", bindings_.world_name},
                               {"kind", is_stream ? "stream" : "future"},
                               {"index", number},
                               {"module", module_},
                               {"function", function_},
                               {"core_parameters", amount},
                               {"read_parameters", (payload ? ", " + element + " *buf" : "") + amount},
                               {"write_parameters", (payload ? ", const " + element + " *buf" : "") + amount},
                               {"arguments", std::string(payload ? "buf" : "NULL") + (is_stream ? ", amt" : "")}});
        };
        bindings_.helpers.lines(expand(declarations));
        bindings_.source.lines(expand(definitions));
    }

private:
    Bindings& bindings_;
    std::string function_;
    std::string module_;
};

} // namespace

void add_streams(Bindings& bindings, const Function& function, ScopeId scope, bool is_export)
{
    StreamFunctions functions(bindings, function, scope, is_export);
    Search search(bindings);
    for (const auto& parameter : function.parameters)
        search.in({parameter.type, scope});
    if (function.result)
        search.in({*function.result, scope});
    const auto& found = search.found();
    for (std::size_t i = 0; i < found.size(); ++i) {
        bindings.is_async = true;
        if (bindings.streams.insert(bindings.names.of(found[i])).second)
            functions.add(found[i], i);
    }
}

} // namespace trellis::wasm::component::bindgen
