#include "wasm/native/artifact.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm::native {
namespace {

Artifact example()
{
    Artifact artifact;
    const std::array<std::uint8_t, 8> module = {0, 'a', 's', 'm', 1, 0, 0, 0};
    artifact.module = SharedBytes::copy_of(module);
    artifact.cpu = "x86-64-v2";
    auto& compiled = artifact.compiled;
    compiled.code.assign(100, std::byte(0x90));
    compiled.mode.guarded_memory0 = true;
    compiled.functions = {0, 16, 48};
    compiled.wrappers = {64, CompiledModule::absent};
    compiled.adapters = {80, CompiledModule::absent};
    compiled.lines = {{0, 10}, {16, 20}, {20, 21}, {24, 22}, {28, CompiledModule::unknown}};
    compiled.inlined = {{20, 0}, {24, 1}, {28, CompiledModule::absent}};
    compiled.inlined_calls = {{2, 30, CompiledModule::absent}, {0, 31, 0}};
    compiled.saved_registers = {{.offsets = {-8}, .caller_stack = 16}};
    compiled.frames = {{0, 16, 0}, {16, 40, 0}};
    compiled.landings = {{4, 8, 12}};
    return artifact;
}

/// A file, of which `hot` bytes are the hot part.
Result<LoadedArtifact> load(Bytes file, std::size_t hot)
{
    auto memory = TRELLIS_TRY(CodeMemory::make(hot));
    std::ranges::copy(file.first(hot), memory.writable().begin());
    return load_artifact(std::move(memory), [cold = std::vector(file.begin() + static_cast<std::ptrdiff_t>(hot),
                                                                file.end())] { return cold; });
}

Result<LoadedArtifact> load(Bytes file)
{
    return load(file, std::min(TRELLIS_TRY(hot_bytes(file)), file.size()));
}

std::string error_of(Bytes bytes)
{
    const auto artifact = load(bytes);
    return artifact ? "no error" : artifact.error().describe();
}

TEST(wasm_native_artifact, is_read_as_it_was_written)
{
    const auto bytes = write_artifact(example());
    EXPECT_EQ(bytes, write_artifact(example()));
    const auto artifact = load(bytes);
    ASSERT_TRUE(artifact) << artifact.error().describe();
    const auto& image = *artifact->image;
    EXPECT_EQ(artifact->cpu, "x86-64-v2");
    EXPECT_EQ(artifact->module.size(), 8u);
    EXPECT_TRUE(image.needs_guarded_memory0());
    const auto* const code = static_cast<const std::byte*>(image.function(0));
    EXPECT_TRUE(std::equal(code, code + 100, example().compiled.code.begin()));
    EXPECT_EQ(image.function(2), code + 48);
    EXPECT_EQ(image.wrapper(TypeIndex(0)), code + 64);
    EXPECT_EQ(image.wrapper(TypeIndex(1)), nullptr);
    EXPECT_EQ(image.adapter(TypeIndex(0)), code + 80);
    EXPECT_EQ(image.landing(code + 5), code + 12);
    EXPECT_EQ(image.saved_registers(code + 5)->offsets[0], -8);
    const auto places = [&](std::uint32_t offset) {
        std::string text;
        for (const auto& [function, where] : image.find(code + offset))
            text += " f" + std::to_string(function) + "+" + std::to_string(where);
        return text;
    };
    EXPECT_EQ(places(16), " f1+20");
    EXPECT_EQ(places(20), " f2+21 f1+30");
    EXPECT_EQ(places(24), " f0+22 f2+31 f1+30");
    EXPECT_EQ(places(28), " f1+20") << "no place of its own";
    EXPECT_EQ(places(44), "") << "between the functions";
}

TEST(wasm_native_artifact, cut_anywhere_in_what_running_needs_it_is_refused)
{
    const auto bytes = write_artifact(example());
    const auto hot = hot_bytes(bytes).value();
    for (std::size_t size = 0; size < hot - 8; ++size)
        EXPECT_NE(error_of(Bytes(bytes).first(size)), "no error") << size;
}

TEST(wasm_native_artifact, without_its_cold_part_only_lines_are_missing)
{
    const auto bytes = write_artifact(example());
    const auto artifact = load(Bytes(bytes).first(hot_bytes(bytes).value()));
    ASSERT_TRUE(artifact) << artifact.error().describe();
    const auto places = artifact->image->find(artifact->image->function(1));
    ASSERT_EQ(places.size(), 1u);
    EXPECT_EQ(places[0].function, 1u);
    EXPECT_EQ(places[0].offset, CompiledModule::absent);
}

TEST(wasm_native_artifact, another_version_is_refused)
{
    auto bytes = write_artifact(example());
    const std::string_view version = "trellis " TRELLIS_VERSION;
    const auto found = std::search(bytes.begin(), bytes.end(), version.begin(), version.end());
    ASSERT_NE(found, bytes.end());
    found[8] = '9';
    EXPECT_NE(error_of(bytes).find("another version"), std::string::npos) << error_of(bytes);
}

TEST(wasm_native_artifact, tables_stay_inside_the_code)
{
    auto artifact = example();
    artifact.compiled.functions.push_back(100);
    EXPECT_NE(error_of(write_artifact(artifact)).find("outside of the code"), std::string::npos);
    artifact = example();
    artifact.compiled.landings.push_back({0, 4, 12});
    EXPECT_NE(error_of(write_artifact(artifact)).find("outside of the code"), std::string::npos);
    artifact = example();
    artifact.compiled.frames.push_back({40, 44, 1});
    EXPECT_NE(error_of(write_artifact(artifact)).find("outside of the code"), std::string::npos);
}

TEST(wasm_native_artifact, for_another_machine_is_refused)
{
    auto artifact = example();
    artifact.cpu = best_cpu() == "aarch64" ? "x86-64-v2" : "aarch64";
    const auto error = error_of(write_artifact(artifact));
    EXPECT_NE(error.find("was compiled for " + artifact.cpu), std::string::npos) << error;
}

} // namespace
} // namespace trellis::wasm::native
