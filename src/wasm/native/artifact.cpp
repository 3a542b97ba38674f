#include "wasm/native/artifact.hpp"

#include "base/check.hpp"
#include "base/format.hpp"

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

/// What code was made by and for; compared as a whole.
std::string identity_of(std::string_view cpu, bool guarded)
{
    return format("trellis " TRELLIS_VERSION "\nabi {}\ncpu {}\nmemory {}\n", abi_version, cpu,
                  guarded ? "guarded" : "checked");
}

constexpr std::string_view names[] = {"",
                                      ".text",
                                      ".wasm.functions",
                                      ".wasm.wrappers",
                                      ".wasm.adapters",
                                      ".wasm.lines",
                                      ".wasm.saved",
                                      ".wasm.frames",
                                      ".wasm.landings",
                                      ".wasm.module",
                                      ".wasm.identity",
                                      ".shstrtab"};
constexpr std::size_t section_count = std::size(names);

template <class Row>
Bytes bytes_of(const std::vector<Row>& rows)
{
    return {reinterpret_cast<const std::uint8_t*>(rows.data()), rows.size() * sizeof(Row)};
}

class Writer {
public:
    Writer() { file_.resize(sizeof(Elf64_Ehdr)); }

    void add(Bytes content, std::uint64_t alignment, std::uint64_t flags, std::uint32_t type = SHT_PROGBITS)
    {
        file_.resize((file_.size() + alignment - 1) / alignment * alignment);
        Elf64_Shdr header{};
        header.sh_name = static_cast<Elf64_Word>(names_.size());
        header.sh_type = type;
        header.sh_flags = flags;
        header.sh_offset = file_.size();
        header.sh_size = content.size();
        header.sh_addralign = alignment;
        names_ += names[headers_.size()];
        names_ += '\0';
        headers_.push_back(header);
        file_.insert(file_.end(), content.begin(), content.end());
    }

    std::vector<std::uint8_t> finish(std::uint16_t machine)
    {
        const auto all_names = names_ + std::string(names[section_count - 1]) + '\0';
        add({reinterpret_cast<const std::uint8_t*>(all_names.data()), all_names.size()}, 1, 0, SHT_STRTAB);
        file_.resize((file_.size() + 7) / 8 * 8);
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = ET_REL;
        header.e_machine = machine;
        header.e_version = EV_CURRENT;
        header.e_shoff = file_.size();
        header.e_ehsize = sizeof header;
        header.e_shentsize = sizeof(Elf64_Shdr);
        header.e_shnum = section_count;
        header.e_shstrndx = section_count - 1;
        std::memcpy(file_.data(), &header, sizeof header);
        const auto table = bytes_of(headers_);
        file_.insert(file_.end(), table.begin(), table.end());
        return std::move(file_);
    }

private:
    std::vector<std::uint8_t> file_;
    std::vector<Elf64_Shdr> headers_;
    std::string names_;
};

std::unexpected<Error> damaged(std::string_view what)
{
    return fail(ErrorCode::malformed, format("not a whole artifact: {}; make it anew with trellis compile", what));
}

class Reader {
public:
    explicit Reader(Bytes file) : file_(file) {}

    Result<> read_headers()
    {
        Elf64_Ehdr header{};
        if (file_.size() < sizeof header)
            return damaged("it ends in its header");
        std::memcpy(&header, file_.data(), sizeof header);
        const bool ours =
            looks_like_artifact(file_) && header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shnum == section_count;
        if (!ours)
            return damaged("it is another kind of ELF file");
        machine_ = header.e_machine;
        if (header.e_shoff > file_.size() || file_.size() - header.e_shoff < sizeof headers_)
            return damaged("it ends before its section headers");
        std::memcpy(headers_.data(), file_.data() + header.e_shoff, sizeof headers_);
        for (std::size_t i = 1; i < section_count; ++i)
            if (headers_[i].sh_offset > file_.size() || headers_[i].sh_size > file_.size() - headers_[i].sh_offset)
                return damaged(format("section {} reaches beyond the file", names[i]));
        return {};
    }

    [[nodiscard]] std::uint16_t machine() const { return machine_; }
    [[nodiscard]] Bytes section(std::string_view name) const
    {
        const auto index = static_cast<std::size_t>(std::ranges::find(names, name) - std::begin(names));
        return file_.subspan(headers_[index].sh_offset, headers_[index].sh_size);
    }

    template <class Row>
    Result<> rows(std::string_view name, std::vector<Row>& to) const
    {
        const auto bytes = section(name);
        if (bytes.size() % sizeof(Row) != 0)
            return damaged(format("section {} ends in the middle of a row", name));
        to.resize(bytes.size() / sizeof(Row));
        if (!to.empty())
            std::memcpy(to.data(), bytes.data(), bytes.size());
        return {};
    }

private:
    Bytes file_;
    std::uint16_t machine_ = 0;
    std::array<Elf64_Shdr, section_count> headers_{};
};

bool offsets_fit(const std::vector<std::uint32_t>& offsets, std::size_t code, bool may_be_absent)
{
    return std::ranges::all_of(offsets, [&](std::uint32_t offset) {
        return offset < code || (may_be_absent && offset == CompiledModule::absent);
    });
}

Result<> check(const CompiledModule& one)
{
    const auto size = one.code.size();
    const auto ranges_fit = [&](const auto& rows) {
        return std::ranges::is_sorted(rows, {}, [](const auto& row) { return row.begin; }) &&
               std::ranges::all_of(rows, [&](const auto& row) { return row.begin <= row.end && row.end <= size; });
    };
    const bool fits = size < CompiledModule::absent && offsets_fit(one.functions, size, false) &&
                      offsets_fit(one.wrappers, size, true) && offsets_fit(one.adapters, size, true) &&
                      std::ranges::is_sorted(one.lines, {}, &CompiledModule::Line::code) && ranges_fit(one.frames) &&
                      ranges_fit(one.landings) &&
                      std::ranges::all_of(
                          one.frames, [&](const auto& row) { return row.saved < one.saved_registers.size(); }) &&
                      std::ranges::all_of(one.landings, [&](const auto& row) { return row.pad < size; });
    if (!fits)
        return damaged("a table points outside of the code");
    return {};
}

/// Which processor and memory mode; of this version only.
Result<> read_identity(std::string_view text, std::uint16_t machine, Artifact& artifact)
{
    for (const auto& cpu : cpus)
        for (const bool guarded : {false, true})
            if (text == identity_of(cpu.name, guarded)) {
                artifact.cpu = cpu.name;
                artifact.compiled.guarded_memory0 = guarded;
                if (cpu.machine != machine)
                    return damaged("it is for two kinds of machine");
                if (runs_here(cpu))
                    return {};
                return fail(
                    ErrorCode::unsupported,
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
    const auto identity = identity_of(artifact.cpu, compiled.guarded_memory0);
    Writer writer;
    writer.add({}, 1, 0, SHT_NULL);
    writer.add(bytes_of(compiled.code), os_page_bytes, SHF_ALLOC | SHF_EXECINSTR);
    for (const auto* offsets : {&compiled.functions, &compiled.wrappers, &compiled.adapters})
        writer.add(bytes_of(*offsets), 8, 0);
    writer.add(bytes_of(compiled.lines), 8, 0);
    writer.add(bytes_of(compiled.saved_registers), 8, 0);
    writer.add(bytes_of(compiled.frames), 8, 0);
    writer.add(bytes_of(compiled.landings), 8, 0);
    writer.add(artifact.module.view(), 8, 0);
    writer.add({reinterpret_cast<const std::uint8_t*>(identity.data()), identity.size()}, 1, 0);
    return writer.finish(cpu_named(artifact.cpu).machine);
}

Result<Artifact> read_artifact(Bytes file)
{
    Reader reader(file);
    TRELLIS_TRY(reader.read_headers());
    Artifact artifact;
    const auto identity = reader.section(".wasm.identity");
    TRELLIS_TRY(
        read_identity({reinterpret_cast<const char*>(identity.data()), identity.size()}, reader.machine(), artifact));
    auto& compiled = artifact.compiled;
    TRELLIS_TRY(reader.rows(".text", compiled.code));
    TRELLIS_TRY(reader.rows(".wasm.functions", compiled.functions));
    TRELLIS_TRY(reader.rows(".wasm.wrappers", compiled.wrappers));
    TRELLIS_TRY(reader.rows(".wasm.adapters", compiled.adapters));
    TRELLIS_TRY(reader.rows(".wasm.lines", compiled.lines));
    TRELLIS_TRY(reader.rows(".wasm.saved", compiled.saved_registers));
    TRELLIS_TRY(reader.rows(".wasm.frames", compiled.frames));
    TRELLIS_TRY(reader.rows(".wasm.landings", compiled.landings));
    TRELLIS_TRY(check(compiled));
    artifact.module = SharedBytes::copy_of(reader.section(".wasm.module"));
    return artifact;
}

} // namespace trellis::wasm::native
