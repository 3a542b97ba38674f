#include "wasm/native/artifact.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/native/build_identity.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>

namespace trellis::wasm::native {
namespace {

/// Of one machine, the later runs what was made for the earlier.
struct Cpu {
    std::string_view name;
    std::uint16_t machine; ///< ELF's number
};
constexpr std::array cpus = {Cpu{"x86-64-v2", EM_X86_64}, Cpu{"x86-64-v3", EM_X86_64}, Cpu{"x86-64-v4", EM_X86_64},
                             Cpu{"aarch64", EM_AARCH64}};

const Cpu& cpu_named(std::string_view name)
{
    const auto found = std::ranges::find(cpus, name, &Cpu::name);
    TRELLIS_CHECK(found != cpus.end());
    return *found;
}

bool runs_here(const Cpu& cpu)
{
    const auto& here = cpu_named(best_cpu());
    return cpu.machine == here.machine && &cpu <= &here;
}

constexpr std::string_view code_section = ".text";
constexpr std::string_view cold_section = ".wasm.traces";

/// What code was made by and for; compared as a whole.
std::string identity_of(std::string_view cpu, const CodeMode& mode)
{
    return format("trellis {}\nabi {}\ncpu {}\n{}", build_identity, abi_version, cpu, mode.describe());
}

// In the order of the file.
constexpr std::string_view names[] = {"",
                                      ".wasm.functions",
                                      ".wasm.wrappers",
                                      ".wasm.adapters",
                                      ".wasm.saved",
                                      ".wasm.frames",
                                      ".wasm.landings",
                                      ".wasm.identity",
                                      ".shstrtab",
                                      ".wasm.module",
                                      code_section,
                                      cold_section};
constexpr std::size_t section_count = std::size(names);
constexpr std::size_t head_bytes = sizeof(Elf64_Ehdr) + section_count * sizeof(Elf64_Shdr);
static_assert(head_bytes <= artifact_head_bytes);

constexpr std::size_t index_of(std::string_view name)
{
    return static_cast<std::size_t>(std::ranges::find(names, name) - std::begin(names));
}

/// Calls `visit` with the name and rows of each table that running needs.
template <class Tables, class Visit>
void for_each_table(Tables& tables, Visit&& visit)
{
    visit(".wasm.functions", tables.functions);
    visit(".wasm.wrappers", tables.wrappers);
    visit(".wasm.adapters", tables.adapters);
    visit(".wasm.saved", tables.saved_registers);
    visit(".wasm.frames", tables.frames);
    visit(".wasm.landings", tables.landings);
}

Bytes bytes_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <class Row>
Bytes bytes_of(std::span<const Row> rows)
{
    return {reinterpret_cast<const std::uint8_t*>(rows.data()), rows.size_bytes()};
}

/// All names, each with a zero behind it.
std::string string_table()
{
    std::string text;
    for (const auto name : names)
        (text += name) += '\0';
    return text;
}

class Writer {
public:
    Writer() { file_.resize(head_bytes); }

    /// In the order of `names`.
    void add(std::string_view name, Bytes content, std::uint64_t alignment = 8, std::uint64_t flags = 0,
             std::uint32_t type = SHT_PROGBITS)
    {
        file_.resize((file_.size() + alignment - 1) / alignment * alignment);
        auto& header = headers_[index_of(name)];
        header.sh_name = static_cast<Elf64_Word>(string_table().find(std::string(name) + '\0'));
        header.sh_type = type;
        header.sh_flags = flags;
        header.sh_offset = file_.size();
        header.sh_size = content.size();
        header.sh_addralign = alignment;
        file_.insert(file_.end(), content.begin(), content.end());
    }

    std::vector<std::uint8_t> finish(std::uint16_t machine)
    {
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = ET_REL;
        header.e_machine = machine;
        header.e_version = EV_CURRENT;
        header.e_shoff = sizeof header;
        header.e_ehsize = sizeof header;
        header.e_shentsize = sizeof(Elf64_Shdr);
        header.e_shnum = section_count;
        header.e_shstrndx = index_of(".shstrtab");
        std::memcpy(file_.data(), &header, sizeof header);
        std::memcpy(file_.data() + sizeof header, headers_.data(), sizeof headers_);
        return std::move(file_);
    }

private:
    std::vector<std::uint8_t> file_;
    std::array<Elf64_Shdr, section_count> headers_{};
};

std::unexpected<Error> damaged(std::string_view what)
{
    return fail(ErrorCode::malformed, format("not a whole artifact: {}; make it anew with trellis compile", what));
}

/// Of a file, or of as much as there is of it.
class Reader {
public:
    explicit Reader(Bytes part) : part_(part) {}

    Result<> read_headers()
    {
        Elf64_Ehdr header{};
        if (part_.size() < head_bytes)
            return damaged("it ends in its header");
        std::memcpy(&header, part_.data(), sizeof header);
        const bool ours = looks_like_artifact(part_) && header.e_shoff == sizeof header &&
                          header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shnum == section_count;
        if (!ours)
            return damaged("it is another kind of ELF file");
        machine_ = header.e_machine;
        std::memcpy(headers_.data(), part_.data() + sizeof header, sizeof headers_);
        return {};
    }

    [[nodiscard]] std::uint16_t machine() const { return machine_; }
    [[nodiscard]] std::size_t offset(std::string_view name) const { return headers_[index_of(name)].sh_offset; }

    Result<Bytes> section(std::string_view name) const
    {
        const auto& header = headers_[index_of(name)];
        if (header.sh_offset > part_.size() || header.sh_size > part_.size() - header.sh_offset)
            return damaged(format("section {} reaches beyond the file", name));
        return part_.subspan(header.sh_offset, header.sh_size);
    }

    /// Rows, where they are.
    template <class Row>
    Result<> rows(std::string_view name, std::span<const Row>& to) const
    {
        const auto bytes = TRELLIS_TRY(section(name));
        if (bytes.size() % sizeof(Row) != 0 || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Row) != 0)
            return damaged(format("section {} is not made of whole rows", name));
        to = {reinterpret_cast<const Row*>(bytes.data()), bytes.size() / sizeof(Row)};
        return {};
    }

private:
    Bytes part_;
    std::uint16_t machine_ = 0;
    std::array<Elf64_Shdr, section_count> headers_{};
};

bool offsets_fit(std::span<const std::uint32_t> offsets, std::size_t code, bool may_be_absent)
{
    return std::ranges::all_of(offsets, [&](std::uint32_t offset) {
        return offset < code || (may_be_absent && offset == CompiledModule::absent);
    });
}

Result<> check(const CodeTables& tables, std::size_t size)
{
    const auto ranges_fit = [&](const auto& rows) {
        return std::ranges::is_sorted(rows, {}, [](const auto& row) { return row.begin; }) &&
               std::ranges::all_of(rows, [&](const auto& row) { return row.begin <= row.end && row.end <= size; });
    };
    const bool fits = size < CompiledModule::absent && offsets_fit(tables.functions, size, true) &&
                      offsets_fit(tables.wrappers, size, true) && offsets_fit(tables.adapters, size, true) &&
                      ranges_fit(tables.frames) && ranges_fit(tables.landings) &&
                      std::ranges::all_of(
                          tables.frames, [&](const auto& row) { return row.saved < tables.saved_registers.size(); }) &&
                      std::ranges::all_of(tables.landings, [&](const auto& row) { return row.pad < size; });
    if (!fits)
        return damaged("a table points outside of the code");
    return {};
}

/// The tables in a cold part, one after the other: how many rows, and the rows.
template <class Tables, class Visit>
void for_each_trace_table(Tables& tables, Visit visit)
{
    visit(tables.lines);
    visit(tables.inlined);
    visit(tables.inlined_calls);
}

std::vector<std::uint8_t> cold_part_of(const CompiledModule& compiled)
{
    std::vector<std::uint8_t> bytes;
    for_each_trace_table(compiled, [&](const auto& rows) {
        const std::uint64_t count = rows.size();
        for (const Bytes part : {bytes_of(std::span(&count, 1)), bytes_of(std::span(rows))})
            bytes.insert(bytes.end(), part.begin(), part.end());
    });
    return bytes;
}

bool is_sound(const TraceTables& tables)
{
    const auto calls = tables.inlined_calls.size();
    for (std::size_t i = 0; i < calls; ++i)
        if (const auto around = tables.inlined_calls[i].around; around != CompiledModule::absent && around >= i)
            return false;
    return std::ranges::is_sorted(tables.lines, {}, &CompiledModule::Line::code) &&
           std::ranges::is_sorted(tables.inlined, {}, &CompiledModule::Inlined::code) &&
           std::ranges::all_of(tables.inlined,
                               [&](const auto& row) { return row.call < calls || row.call == CompiledModule::absent; });
}

/// Of a cold part, whatever is in it: nothing, where it is damaged.
TraceTables trace_tables_of(Bytes cold_part)
{
    TraceTables tables;
    bool whole = true;
    for_each_trace_table(tables, [&]<class Row>(std::vector<Row>& rows) {
        std::uint64_t count = 0;
        whole = whole && cold_part.size() >= sizeof count;
        if (!whole)
            return;
        std::memcpy(&count, cold_part.data(), sizeof count);
        cold_part = cold_part.subspan(sizeof count);
        whole = count <= cold_part.size() / sizeof(Row);
        if (!whole)
            return;
        rows.resize(count);
        if (count > 0)
            std::memcpy(rows.data(), cold_part.data(), count * sizeof(Row));
        cold_part = cold_part.subspan(count * sizeof(Row));
    });
    return whole && is_sound(tables) ? tables : TraceTables{};
}

struct Identity {
    std::string_view cpu;
    CodeMode mode;
};

/// Which processor and mode; of this version only.
Result<Identity> read_identity(std::string_view text, std::uint16_t machine)
{
    for (const auto& cpu : cpus)
        for (unsigned modes = 0; modes < CodeMode::count; ++modes) {
            const auto mode = CodeMode::from_number(modes);
            if (text != identity_of(cpu.name, mode))
                continue;
            if (cpu.machine != machine)
                return damaged("it is for two kinds of machine");
            if (runs_here(cpu))
                return Identity{cpu.name, mode};
            return fail(ErrorCode::unsupported,
                        format("the artifact was compiled for {}, this processor is {}; compile it with --target {}",
                               cpu.name, best_cpu(), best_cpu()));
        }
    return fail(ErrorCode::unsupported, "the artifact is of another version of trellis; make it anew with trellis "
                                        "compile");
}

} // namespace

bool looks_like_artifact(Bytes bytes)
{
    return bytes.size() >= SELFMAG && std::memcmp(bytes.data(), ELFMAG, SELFMAG) == 0;
}

std::vector<std::uint8_t> write_artifact(const Artifact& artifact)
{
    const auto& compiled = artifact.compiled;
    Writer writer;
    writer.add("", {}, 1, 0, SHT_NULL);
    auto tables = tables_of(compiled);
    for_each_table(tables, [&](std::string_view name, auto rows) { writer.add(name, bytes_of(rows)); });
    writer.add(".wasm.identity", bytes_of(identity_of(artifact.cpu, compiled.mode)));
    writer.add(".shstrtab", bytes_of(string_table()), 1, 0, SHT_STRTAB);
    writer.add(".wasm.module", artifact.module.view());
    writer.add(code_section, bytes_of(std::span(compiled.code)), os_page_bytes, SHF_ALLOC | SHF_EXECINSTR);
    writer.add(cold_section, cold_part_of(compiled));
    return writer.finish(cpu_named(artifact.cpu).machine);
}

Result<std::size_t> hot_bytes(Bytes head)
{
    Reader reader(head);
    TRELLIS_TRY(reader.read_headers());
    return reader.offset(cold_section);
}

Result<LoadedArtifact> load_artifact(CodeMemory hot_part, std::function<std::vector<std::uint8_t>()> read_cold_part)
{
    Reader reader(hot_part.view());
    TRELLIS_TRY(reader.read_headers());
    const auto identity_text = TRELLIS_TRY(reader.section(".wasm.identity"));
    const auto identity = TRELLIS_TRY(
        read_identity({reinterpret_cast<const char*>(identity_text.data()), identity_text.size()}, reader.machine()));
    CodeTables tables;
    Result<> read;
    for_each_table(tables, [&](std::string_view name, auto& rows) {
        if (read)
            read = reader.rows(name, rows);
    });
    TRELLIS_TRY(std::move(read));
    const auto code = reader.offset(code_section);
    const auto code_size = TRELLIS_TRY(reader.section(code_section)).size();
    if (code % os_page_bytes != 0 || hot_part.view().size() - code - code_size >= 8)
        return damaged("its code is not where it has to be");
    TRELLIS_TRY(check(tables, code_size));
    const auto module = TRELLIS_TRY(reader.section(".wasm.module"));
    // Tables may be executable too, which saves dividing a large page; a module's bytes may not.
    TRELLIS_TRY(hot_part.seal(module.empty() ? 0 : code));
    auto image = CodeImage::take(std::move(hot_part), code, tables, identity.mode,
                                 [read_cold = std::move(read_cold_part)] { return trace_tables_of(read_cold()); });
    return LoadedArtifact{SharedBytes::held_by(image, module), identity.cpu, std::move(image)};
}

} // namespace trellis::wasm::native
