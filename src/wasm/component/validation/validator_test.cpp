// What the official suites don't ask: what validation fills in, and that short components with huge types are refused.
#include "wasm/component/validation/validator.hpp"

#include <gtest/gtest.h>

using namespace trellis;
using namespace trellis::wasm;
using namespace trellis::wasm::component;

namespace {

using Binary = std::vector<std::uint8_t>;

enum Section : std::uint8_t { nested_section = 4, instance_section = 5, type_section = 7, export_section = 11 };

void append(Binary& to, const Binary& bytes)
{
    to.insert(to.end(), bytes.begin(), bytes.end());
}

/// One definition in a section of its own, of less than 128 bytes.
void add(Binary& component, Section id, const Binary& definition)
{
    const bool is_vector = id != nested_section;
    append(component, {id, static_cast<std::uint8_t>(definition.size() + (is_vector ? 1 : 0))});
    if (is_vector)
        component.push_back(1);
    append(component, definition);
}

Binary empty_component()
{
    return {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
}

const Binary resource_type = {0x3f, 0x7f, 0x00};
const Binary export_type_0 = {0x00, 1, 'r', 0x03, 0, 0x00};
const Binary export_type_0_as_resource = {0x00, 1, 'r', 0x03, 0, 0x01, 0x03, 0x01};
const Binary instantiate_component_0 = {0x00, 0, 0};

Result<std::shared_ptr<const Component>> load(const Binary& bytes)
{
    TypeRegistry registry;
    return load_component(SharedBytes::copy_of(bytes), registry);
}

} // namespace

TEST(component_validator, each_instantiation_has_resources_of_its_own)
{
    auto inner = empty_component();
    add(inner, type_section, resource_type);
    add(inner, export_section, export_type_0);
    auto outer = empty_component();
    add(outer, nested_section, inner);
    add(outer, instance_section, instantiate_component_0);
    add(outer, instance_section, instantiate_component_0);

    const auto loaded = load(outer);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().describe();
    const auto& resources = (*loaded)->resources;
    ASSERT_EQ(resources.size(), 2u);
    EXPECT_NE(resources[0].id, resources[1].id);
    const auto& second = std::get<InstantiatedResource>(resources[1].origin);
    EXPECT_EQ(second.instance, ComponentInstanceIndex{1});
    EXPECT_EQ(second.path, ResourcePath{"r"});
    EXPECT_EQ(resources[1].definition, 2u);
}

TEST(component_validator, resource_exported_as_abstract_is_another_type)
{
    auto component = empty_component();
    add(component, type_section, resource_type);
    add(component, export_section, export_type_0_as_resource);

    const auto loaded = load(component);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().describe();
    const auto& resources = (*loaded)->resources;
    ASSERT_EQ(resources.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<DefinedResource>(resources[0].origin));
    EXPECT_EQ(std::get<AscribedResource>(resources[1].origin).meant, resources[0].id);
    const auto& exported = std::get<TypeEquals>((*loaded)->export_(0).type);
    EXPECT_EQ(std::get<ResourceType>(exported.named).id, resources[1].id);
}

TEST(component_validator, tuple_of_tuples_is_measured_when_it_is_made)
{
    auto component = empty_component();
    add(component, type_section, {0x6f, 2, 0x7d, 0x7d});
    for (std::uint8_t i = 0; i < 60; ++i)
        add(component, type_section, {0x6f, 2, i, i});

    const auto loaded = load(component);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, ErrorCode::invalid);
}

TEST(component_validator, instance_of_instances_is_measured_when_it_is_made)
{
    auto component = empty_component();
    add(component, type_section, {0x42, 0});
    for (std::uint8_t i = 0; i < 60; ++i) // each exports two instances of the type before
        add(component, type_section,
            {0x42, 3, 0x02, 0x03, 0x02, 1, i, 0x04, 0x00, 1, 'a', 0x05, 0, 0x04, 0x00, 1, 'b', 0x05, 0});

    const auto loaded = load(component);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_TRUE(loaded.error().message.starts_with("effective type size exceeds the limit")) << loaded.error().message;
}

TEST(component_validator, what_is_not_built_in_is_unsupported)
{
    auto component = empty_component();
    append(component, {12, 1, 0}); // values
    EXPECT_EQ(load(component).error().code, ErrorCode::unsupported);
}
