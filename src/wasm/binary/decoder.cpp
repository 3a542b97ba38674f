#include "wasm/binary/decoder.hpp"

#include "base/format.hpp"
#include "wasm/binary/body_scan.hpp"
#include "wasm/binary/cursor.hpp"
#include "wasm/binary/instruction_reader.hpp"
#include "wasm/binary/type_reader.hpp"
#include "wasm/syntax/implementation_limits.hpp"

namespace trellis::wasm {

namespace limits = implementation_limits;

namespace {

constexpr std::array<std::uint8_t, 4> magic = {0x00, 'a', 's', 'm'};
constexpr std::uint32_t version = 1;

/// One pass over the sections. Every method reads its part with the cursor, whose failures stick; `run` asks once.
class Decoder {
public:
    Decoder(SharedBytes binary, Features features)
        : module_(unread(std::move(binary), features)),
          cursor_(module_.binary.view(), {0, static_cast<std::uint32_t>(module_.binary.size())}),
          constants_(module_, {})
    {
    }

    Result<Module> run()
    {
        read_header();
        while (cursor_.ok() && !cursor_.at_end())
            read_section();
        if (cursor_.ok())
            check_lengths();
        if (cursor_.ok())
            return std::move(module_);
        TRELLIS_TRY(scan_bodies(module_)); // a body before the failure comes first
        return std::unexpected(cursor_.error());
    }

private:
    static Module unread(SharedBytes binary, Features features)
    {
        Module module;
        module.binary = std::move(binary);
        module.features = features;
        return module;
    }

    using Read = void (Decoder::*)();
    struct Section {
        std::uint8_t id;
        Feature feature;
        Read read;
    };
    static const std::array<Section, 13> sections;

    void read_header();
    void read_section();
    void read_custom_section(std::uint32_t end);
    void check_lengths();

    void read_types();
    void read_imports();
    void read_functions();
    void read_tables();
    void read_memories();
    void read_tags();
    void read_globals();
    void read_exports();
    void read_start();
    void read_elements();
    void read_data_count();
    void read_code();
    void read_data();

    void read_import();
    void read_table();
    void read_element_segment();
    void read_data_segment();
    ConstExpr read_constant();
    std::uint32_t index() { return cursor_.u32(); }

    /// A vector of definitions of one index space, where `present` are there already.
    template <class ReadOne>
    void read_vector(std::uint32_t limit, std::string_view what, std::size_t present, ReadOne read_one)
    {
        const std::uint32_t at = cursor_.offset();
        const std::uint32_t count = cursor_.length();
        if (count > limit || present > limit - count)
            cursor_.fail(format("too many {}: {} are supported", what, limit), at, ErrorCode::limit);
        for (std::uint32_t i = 0; i < count && cursor_.ok(); ++i)
            read_one(cursor_.offset());
    }

    Features features() const { return module_.features; }

    Module module_;
    Cursor cursor_;
    InstructionReader constants_;
    std::size_t next_section_ = 0; ///< position in `sections`
    std::uint8_t last_section_ = 0;
    std::size_t bodies_ = 0;
};

/// In the order they must come in.
const std::array<Decoder::Section, 13> Decoder::sections = {{
    {1, Feature::mvp, &Decoder::read_types},
    {2, Feature::mvp, &Decoder::read_imports},
    {3, Feature::mvp, &Decoder::read_functions},
    {4, Feature::mvp, &Decoder::read_tables},
    {5, Feature::mvp, &Decoder::read_memories},
    {13, Feature::exceptions, &Decoder::read_tags},
    {6, Feature::mvp, &Decoder::read_globals},
    {7, Feature::mvp, &Decoder::read_exports},
    {8, Feature::mvp, &Decoder::read_start},
    {9, Feature::mvp, &Decoder::read_elements},
    {12, Feature::bulk_memory, &Decoder::read_data_count},
    {10, Feature::mvp, &Decoder::read_code},
    {11, Feature::mvp, &Decoder::read_data},
}};

void Decoder::read_header()
{
    const Bytes bytes = module_.binary.view();
    if (!is_binary_module(bytes)) {
        if (bytes.size() < magic.size())
            cursor_.fail_at_end();
        else
            cursor_.fail("magic header not detected", 0);
        return;
    }
    cursor_.take(magic.size());
    if (cursor_.little_endian<std::uint32_t>() != version)
        cursor_.fail("unknown binary version", magic.size());
}

void Decoder::read_section()
{
    const std::uint32_t at = cursor_.offset();
    const std::uint8_t id = cursor_.byte();
    std::size_t position = sections.size();
    if (id != 0) {
        position = static_cast<std::size_t>(std::ranges::find(sections, id, &Section::id) - sections.begin());
        const bool tags_of_legacy = id == 13 && features().has(Feature::legacy_exceptions);
        if (position == sections.size() || !(features().has(sections[position].feature) || tags_of_legacy)) {
            cursor_.fail("malformed section id", at);
            return;
        }
        if (position < next_section_) {
            cursor_.fail("unexpected content after last section", at);
            return;
        }
    }
    const std::uint32_t size = cursor_.length();
    if (!cursor_.ok())
        return;
    const ByteRange contents{cursor_.offset(), size};
    if (id == 0) {
        read_custom_section(contents.offset + size);
    } else {
        next_section_ = position + 1;
        last_section_ = id;
        (this->*sections[position].read)();
    }
    if (cursor_.ok() && cursor_.offset() != contents.offset + size)
        cursor_.fail("section size mismatch", contents.offset);
    module_.sections.push_back({id, contents});
}

void Decoder::read_custom_section(std::uint32_t end)
{
    const std::string_view name = cursor_.name();
    if (!cursor_.ok())
        return;
    const std::uint32_t start = cursor_.offset();
    if (start > end) {
        cursor_.fail("unexpected end of section or function", end);
        return;
    }
    cursor_.take(end - start);
    module_.custom_sections.push_back({name, {start, end - start}, last_section_});
}

void Decoder::check_lengths()
{
    const std::uint32_t at = cursor_.offset();
    if (bodies_ != module_.functions.size())
        cursor_.fail("function and code section have inconsistent lengths", at);
    if (module_.data_count && *module_.data_count != module_.data.size())
        cursor_.fail("data count and data section have inconsistent lengths", at);
}

void Decoder::read_types()
{
    constexpr std::uint8_t recursive = 0x4e;
    const auto add_type = [&](std::uint32_t at) {
        if (module_.types.size() == limits::types)
            cursor_.fail(format("too many types: {} are supported", limits::types), at, ErrorCode::limit);
        module_.offsets.types.push_back(at);
        module_.types.push_back(read_sub_type(cursor_, features()));
    };
    read_vector(limits::types, "types", 0, [&](std::uint32_t at) {
        const auto first = static_cast<TypeIndex>(module_.types.size());
        if (features().has(Feature::gc) && !cursor_.at_end() && cursor_.peek() == recursive) {
            cursor_.byte();
            read_vector(limits::recursion_group_types, "types in a recursion group", 0, add_type);
        } else {
            add_type(at);
        }
        module_.recursion_groups.push_back({first, static_cast<std::uint32_t>(module_.types.size()) - number(first)});
    });
}

void Decoder::read_imports()
{
    read_vector(limits::imports, "imports", 0, [&](std::uint32_t) { read_import(); });
    module_.imported_functions = static_cast<std::uint32_t>(module_.function_types.size());
    module_.imported_tables = static_cast<std::uint32_t>(module_.table_types.size());
    module_.imported_memories = static_cast<std::uint32_t>(module_.memory_types.size());
    module_.imported_globals = static_cast<std::uint32_t>(module_.global_types.size());
    module_.imported_tags = static_cast<std::uint32_t>(module_.tag_types.size());
}

void Decoder::read_import()
{
    const std::uint32_t at = cursor_.offset();
    const std::string_view module = cursor_.name();
    const std::string_view name = cursor_.name();
    const std::uint32_t kind_at = cursor_.offset();
    const std::uint8_t kind = cursor_.byte();
    ExternType type;
    const bool tags = features().has(Feature::exceptions) || features().has(Feature::legacy_exceptions);
    if (kind == static_cast<std::uint8_t>(ExternKind::func)) {
        type = module_.function_types.emplace_back(static_cast<TypeIndex>(index()));
    } else if (kind == static_cast<std::uint8_t>(ExternKind::table)) {
        type = module_.table_types.emplace_back(read_table_type(cursor_, features()));
    } else if (kind == static_cast<std::uint8_t>(ExternKind::memory)) {
        type = module_.memory_types.emplace_back(read_memory_type(cursor_, features()));
    } else if (kind == static_cast<std::uint8_t>(ExternKind::global)) {
        type = module_.global_types.emplace_back(read_global_type(cursor_, features()));
    } else if (kind == static_cast<std::uint8_t>(ExternKind::tag) && tags) {
        type = module_.tag_types.emplace_back(read_tag_type(cursor_));
    } else {
        cursor_.fail("malformed import kind", kind_at);
    }
    module_.imports.push_back({module, name, type, at});
}

void Decoder::read_functions()
{
    read_vector(limits::functions, "functions", module_.function_types.size(), [&](std::uint32_t at) {
        const auto type = static_cast<TypeIndex>(index());
        module_.offsets.functions.push_back(at);
        module_.function_types.push_back(type);
        module_.functions.push_back({type, {}});
    });
}

void Decoder::read_tables()
{
    read_vector(limits::tables, "tables", module_.table_types.size(), [&](std::uint32_t at) {
        module_.offsets.tables.push_back(at);
        read_table();
    });
}

void Decoder::read_table()
{
    constexpr std::uint8_t with_initializer = 0x40;
    TableDefinition table;
    if (features().has(Feature::function_references) && !cursor_.at_end() && cursor_.peek() == with_initializer) {
        cursor_.byte();
        const std::uint32_t at = cursor_.offset();
        if (cursor_.byte() != 0)
            cursor_.fail("zero byte expected", at);
        table.type = read_table_type(cursor_, features());
        table.initial = read_constant();
    } else {
        table.type = read_table_type(cursor_, features());
    }
    module_.table_types.push_back(table.type);
    module_.tables.push_back(table);
}

void Decoder::read_memories()
{
    read_vector(limits::memories, "memories", module_.memory_types.size(), [&](std::uint32_t at) {
        module_.offsets.memories.push_back(at);
        module_.memory_types.push_back(read_memory_type(cursor_, features()));
    });
}

void Decoder::read_tags()
{
    read_vector(limits::tags, "tags", module_.tag_types.size(), [&](std::uint32_t at) {
        module_.offsets.tags.push_back(at);
        module_.tag_types.push_back(read_tag_type(cursor_));
    });
}

void Decoder::read_globals()
{
    read_vector(limits::globals, "globals", module_.global_types.size(), [&](std::uint32_t at) {
        module_.offsets.globals.push_back(at);
        const GlobalType type = read_global_type(cursor_, features());
        module_.global_types.push_back(type);
        module_.globals.push_back({type, read_constant()});
    });
}

void Decoder::read_exports()
{
    read_vector(limits::exports, "exports", 0, [&](std::uint32_t at) {
        module_.offsets.exports.push_back(at);
        const std::string_view name = cursor_.name();
        const std::uint32_t kind_at = cursor_.offset();
        const std::uint8_t kind = cursor_.byte();
        if (kind > static_cast<std::uint8_t>(ExternKind::tag))
            cursor_.fail("malformed export kind", kind_at);
        module_.exports.push_back({name, static_cast<ExternKind>(kind), index()});
    });
}

void Decoder::read_start()
{
    module_.offsets.start = cursor_.offset();
    module_.start = static_cast<FuncIndex>(index());
}

void Decoder::read_elements()
{
    read_vector(limits::element_segments, "element segments", 0, [&](std::uint32_t at) {
        module_.offsets.elements.push_back(at);
        read_element_segment();
    });
}

void Decoder::read_element_segment()
{
    // Bits of the number in front of a segment.
    constexpr std::uint32_t not_active = 1, explicit_index = 2, expressions = 4;
    const std::uint32_t at = cursor_.offset();
    const std::uint32_t kind = cursor_.u32();
    if (kind > (features().has(Feature::bulk_memory) ? 7u : 0u)) {
        cursor_.fail("malformed elements segment kind", at);
        return;
    }
    ElementSegment segment{};
    segment.type = (kind & expressions) != 0 ? funcref : ValType::ref(HeapType::func);
    segment.explicit_table = (kind & (not_active | explicit_index)) != 0;
    if ((kind & not_active) == 0) {
        segment.mode = SegmentMode::active;
        if ((kind & explicit_index) != 0)
            segment.table = static_cast<TableIndex>(index());
        segment.offset = read_constant();
    } else {
        segment.mode = (kind & explicit_index) != 0 ? SegmentMode::declarative : SegmentMode::passive;
    }
    if ((kind & (not_active | explicit_index)) != 0) {
        const std::uint32_t kind_at = cursor_.offset();
        if ((kind & expressions) != 0)
            segment.type = read_reference_type(cursor_, features());
        else if (cursor_.byte() != 0)
            cursor_.fail("malformed element kind", kind_at);
    }
    const std::uint32_t count = cursor_.length();
    for (std::uint32_t i = 0; i < count && cursor_.ok(); ++i) {
        if ((kind & expressions) != 0)
            segment.expressions.push_back(read_constant());
        else
            segment.functions.push_back(static_cast<FuncIndex>(index()));
    }
    module_.elements.push_back(std::move(segment));
}

void Decoder::read_data_count()
{
    module_.data_count = cursor_.u32();
}

void Decoder::read_code()
{
    read_vector(limits::functions, "function bodies", 0, [&](std::uint32_t at) {
        const std::uint32_t size = cursor_.length();
        const ByteRange body{cursor_.offset(), size};
        if (size > limits::function_bytes)
            cursor_.fail(format("function too large: {} bytes where {} are supported", size, limits::function_bytes),
                         at, ErrorCode::limit);
        cursor_.take(size);
        if (bodies_ < module_.functions.size())
            module_.functions[bodies_].body = body;
        ++bodies_;
    });
}

void Decoder::read_data()
{
    read_vector(limits::data_segments, "data segments", 0, [&](std::uint32_t at) {
        module_.offsets.data.push_back(at);
        read_data_segment();
    });
}

void Decoder::read_data_segment()
{
    constexpr std::uint32_t passive = 1, explicit_index = 2;
    const std::uint32_t at = cursor_.offset();
    const std::uint32_t kind = cursor_.u32();
    if (kind > (features().has(Feature::bulk_memory) ? explicit_index : 0u)) {
        cursor_.fail("malformed data segment kind", at);
        return;
    }
    DataSegment segment{};
    segment.mode = kind == passive ? SegmentMode::passive : SegmentMode::active;
    if (kind == explicit_index)
        segment.memory = static_cast<MemoryIndex>(index());
    if (segment.mode == SegmentMode::active)
        segment.offset = read_constant();
    const std::uint32_t size = cursor_.length();
    segment.bytes = {cursor_.offset(), size};
    cursor_.take(size);
    module_.data.push_back(segment);
}

/// Finds the end of a constant expression; validation says what may stand in it.
ConstExpr Decoder::read_constant()
{
    const std::uint32_t start = cursor_.offset();
    if (!cursor_.ok())
        return {};
    constants_.restart({start, static_cast<std::uint32_t>(cursor_.remaining())});
    Instruction instruction;
    for (std::uint32_t depth = 1; depth != 0;) {
        if (const Result<> read = constants_.read(instruction); !read.has_value()) {
            cursor_.fail(read.error().message, static_cast<std::uint32_t>(*read.error().offset));
            return {};
        }
        if (instruction.op == Op::end || instruction.op == Op::delegate)
            --depth;
        else if (instruction.op == Op::block || instruction.op == Op::loop || instruction.op == Op::if_ ||
                 instruction.op == Op::try_ || instruction.op == Op::try_table)
            ++depth;
    }
    const std::uint32_t size = constants_.offset() - start;
    cursor_.take(size);
    return {{start, size}};
}

} // namespace

bool is_binary_module(Bytes bytes)
{
    return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), magic);
}

Result<Module> decode_module(SharedBytes binary, Features features)
{
    if (binary.size() > limits::module_bytes)
        return fail(ErrorCode::limit,
                    format("module too large: {} bytes where {} are supported", binary.size(), limits::module_bytes));
    return Decoder(std::move(binary), features).run();
}

} // namespace trellis::wasm
