// Memories and data segments.
#include "wasm/preinit/test_preinit.hpp"

namespace trellis::wasm {
namespace {

using wasm_preinit_data = PreinitTest;

TEST_F(wasm_preinit_data, memory_that_grew_begins_large)
{
    const auto binary = preinit(R"((module
        (memory (export "memory") 1 10)
        (func (export "wizer-initialize")
          (drop (memory.grow (i32.const 3)))
          (i32.store (i32.const 0x3fffc) (i32.const -1)))
        (func (export "get") (result i32) (i32.load (i32.const 0x3fffc)))))");
    EXPECT_NE(text_of(binary).find("(memory (;0;) 4 10)"), std::string::npos);
    EXPECT_EQ(call(start(binary), "get"), -1);
}

TEST_F(wasm_preinit_data, several_memories_of_both_sizes)
{
    const auto binary = preinit(R"((module
        (memory $a 1) (memory $b i64 1) (memory $c 2)
        (data (memory $b) (i64.const 100) "bbb")
        (func (export "wizer-initialize")
          (i32.store $a (i32.const 4) (i32.const 1))
          (i32.store $b (i64.const 65532) (i32.const 20))
          (drop (memory.grow $b (i64.const 1)))
          (i32.store $b (i64.const 131068) (i32.const 300))
          (i32.store $c (i32.const 70000) (i32.const 4000)))
        (func (export "get") (result i32)
          (i32.add (i32.add (i32.load $a (i32.const 4)) (i32.load $b (i64.const 65532)))
                   (i32.add (i32.load $b (i64.const 131068)) (i32.load $c (i32.const 70000)))))
        (func (export "old") (result i32) (i32.load8_u $b (i64.const 102)))))");
    auto& instance = start(binary);
    EXPECT_EQ(call(instance, "get"), 4321);
    EXPECT_EQ(call(instance, "old"), 'b');
    EXPECT_EQ(instance.module->memory_types[1].limits.min, 2u);
}

TEST_F(wasm_preinit_data, shared_memories_and_small_pages)
{
    const auto binary = preinit(R"((module
        (memory $shared 1 3 shared) (memory $small 10 20 (pagesize 1))
        (func (export "wizer-initialize")
          (i32.atomic.store $shared (i32.const 8) (i32.const 5))
          (drop (memory.grow $shared (i32.const 1)))
          (drop (memory.grow $small (i32.const 3)))
          (i32.store8 $small (i32.const 12) (i32.const 30)))
        (func (export "get") (result i32)
          (i32.add (i32.add (i32.atomic.load $shared (i32.const 8)) (i32.load8_u $small (i32.const 12)))
                   (i32.add (memory.size $shared) (memory.size $small))))))");
    EXPECT_EQ(call(start(binary), "get"), 5 + 30 + 2 + 13);
}

TEST_F(wasm_preinit_data, data_segments_keep_their_numbers_and_stay_dropped)
{
    const auto binary = preinit(R"((module
        (memory 1)
        (data $active (i32.const 0) "active")
        (data $kept "kept")
        (data $dropped "dropped")
        (func (export "wizer-initialize")
          (memory.fill (i32.const 0) (i32.const 0) (i32.const 10))
          (memory.init $dropped (i32.const 4000) (i32.const 0) (i32.const 1))
          (memory.init $dropped (i32.const 8000) (i32.const 0) (i32.const 1))
          (memory.init $dropped (i32.const 9000) (i32.const 0) (i32.const 1))
          (data.drop $dropped))
        (func (export "kept") (result i32)
          (memory.init $kept (i32.const 100) (i32.const 0) (i32.const 4)) (i32.load8_u (i32.const 103)))
        (func (export "active") (memory.init $active (i32.const 0) (i32.const 0) (i32.const 1)))
        (func (export "dropped") (memory.init $dropped (i32.const 0) (i32.const 0) (i32.const 1)))
        (func (export "last") (result i32) (i32.load8_u (i32.const 9000)))))");
    auto& instance = start(binary);
    EXPECT_EQ(instance.module->data.size(), 4u);
    EXPECT_EQ(call(instance, "kept"), 't');
    EXPECT_EQ(trap(instance, "active"), "out of bounds memory access");
    EXPECT_EQ(trap(instance, "dropped"), "out of bounds memory access");
    EXPECT_EQ(call(instance, "last"), 'd');
}

TEST_F(wasm_preinit_data, unneeded_data_segments_become_empty_or_go)
{
    const auto segments = [this](std::string_view name, std::string_view body) {
        const auto text = text_of(preinit("(module (memory i64 1) (data (i64.const 0) \"a\") (data \"p\")"
                                          "(data (i64.const 4096) \"b\") (data (i64.const 9000) \"\")"
                                          "(func (export \"wizer-initialize\")"
                                          "  (i32.store8 (i64.const 4096) (i32.const 0)) (data.drop 1))"
                                          "(func " +
                                          std::string(name) + std::string(body) + "))"));
        return text.substr(text.find("\n  (data ") + 1);
    };
    constexpr std::string_view two = R"(  (data (;0;) (i64.const 0) "a")
  (data (;1;) ""))
)";
    constexpr std::string_view three = R"(  (data (;0;) (i64.const 0) "a")
  (data (;1;) "")
  (data (;2;) (i64.const 4096) ""))
)";
    constexpr std::string_view four = R"(  (data (;0;) (i64.const 0) "a")
  (data (;1;) "")
  (data (;2;) (i64.const 4096) "")
  (data (;3;) (i64.const 9000) ""))
)";
    EXPECT_EQ(segments("", ""), two);
    EXPECT_EQ(segments("", "(data.drop 2)"), three);
    EXPECT_EQ(segments("$named", ""), four);
}

TEST_F(wasm_preinit_data, memory_that_became_empty_has_no_data)
{
    const auto binary = preinit(R"((module (memory 1) (data (i32.const 4) "a") (data (i32.const 900) "b")
        (func (export "wizer-initialize") (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)))
        (func (export "get") (result i32) (i32.or (i32.load (i32.const 4)) (i32.load (i32.const 900))))))");
    EXPECT_EQ(text_of(binary).find("(data"), std::string::npos) << text_of(binary);
    EXPECT_EQ(call(start(binary), "get"), 0);
}

TEST_F(wasm_preinit_data, a_module_without_passive_segments_gets_none)
{
    const auto binary = preinit(R"((module (memory 1)
        (data (i32.const 0) "a")
        (func (export "wizer-initialize") (i32.store (i32.const 0) (i32.const 0)))))");
    const auto old = Features::standard().without(Feature::bulk_memory);
    EXPECT_TRUE(load_module(binary, *registry, old));
}

TEST_F(wasm_preinit_data, data_section_is_made_where_there_was_none)
{
    const auto binary = preinit(R"((module (memory 1)
        (@custom "behind code" (after code) "x")
        (func $f (export "wizer-initialize") (i32.store (i32.const 12) (i32.const 0x41414141)))))");
    EXPECT_NE(text_of(binary).find(R"((data (;0;) (i32.const 12) "AAAA"))"), std::string::npos);
    const auto module = decode_module(binary);
    ASSERT_TRUE(module);
    ASSERT_EQ(module->custom_sections.size(), 2u);
    EXPECT_EQ(module->custom_sections[0].name, "behind code");
    EXPECT_EQ(module->custom_sections[1].name, "name");
    EXPECT_EQ(module->custom_sections[1].after_section, 11);
}

} // namespace
} // namespace trellis::wasm
