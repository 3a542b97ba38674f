// Exports of the world shapes that call the imports of the same name: whatever goes in has to come out again, lowered
// and lifted both ways. Arguments are freed as the receiver has to.
#include "shapes.h"

#define EXPORTED(name) exports_example_shapes_values_##name
#define IMPORTED(name) example_shapes_values_##name

double EXPORTED(numbers)(uint8_t a, int8_t b, uint16_t c, int16_t d, uint32_t e, int32_t f, uint64_t g, int64_t h,
                         float i, double j, uint32_t k, bool l)
{
    return IMPORTED(numbers)(a, b, c, d, e, f, g, h, i, j, k, l);
}

void EXPORTED(one_point)(EXPORTED(point_t) * at, EXPORTED(point_t) * ret)
{
    IMPORTED(one_point)((void*)at, (void*)ret);
}

void EXPORTED(draw)(EXPORTED(shape_t) * what, EXPORTED(shape_t) * ret)
{
    IMPORTED(draw)((void*)what, (void*)ret);
    EXPORTED(shape_free)(what);
}

void EXPORTED(paint)(EXPORTED(colour_t) tint, EXPORTED(styles_t) how, EXPORTED(tuple2_colour_styles_t) * ret)
{
    IMPORTED(paint)(tint, how, (void*)ret);
}

bool EXPORTED(find)(shapes_string_t* name, EXPORTED(point_t) * ret)
{
    const bool found = IMPORTED(find)(name, (void*)ret);
    if (name)
        shapes_string_free(name);
    return found;
}

bool EXPORTED(find_name)(shapes_string_t* name, shapes_string_t* ret)
{
    const bool found = IMPORTED(find_name)(name, ret);
    if (name)
        shapes_string_free(name);
    return found;
}

bool EXPORTED(divide)(uint32_t a, uint32_t b, uint32_t* ret, shapes_string_t* err)
{
    return IMPORTED(divide)(a, b, ret, err);
}

bool EXPORTED(only_fails)(EXPORTED(colour_t) * err)
{
    return IMPORTED(only_fails)(err);
}

bool EXPORTED(plain_result)(void)
{
    return IMPORTED(plain_result)();
}

void EXPORTED(join)(EXPORTED(names_t) * parts, shapes_string_t* ret)
{
    IMPORTED(join)((void*)parts, ret);
    EXPORTED(names_free)(parts);
}

void EXPORTED(pairs)(shapes_list_tuple2_string_u32_t* of, shapes_list_tuple2_u32_string_t* ret)
{
    IMPORTED(pairs)(of, ret);
    shapes_list_tuple2_string_u32_free(of);
}

void EXPORTED(table)(shapes_map_string_u32_t* of, shapes_map_u32_string_t* ret)
{
    IMPORTED(table)(of, ret);
    shapes_map_string_u32_free(of);
}

void EXPORTED(cells)(EXPORTED(grid_t) * of, shapes_list_list2_u16_t* ret)
{
    IMPORTED(cells)((void*)of, ret);
}

uint8_t EXPORTED(many)(shapes_string_t* a, shapes_string_t* b, shapes_string_t* c, shapes_string_t* d,
                       shapes_string_t* e, shapes_string_t* f, shapes_string_t* g, shapes_string_t* h, uint8_t i)
{
    shapes_string_t* const all[] = {a, b, c, d, e, f, g, h};
    const uint8_t last = IMPORTED(many)(a, b, c, d, e, f, g, h, i);
    for (size_t n = 0; n < 8; n++)
        shapes_string_free(all[n]);
    return last;
}

bool EXPORTED(nested)(EXPORTED(result_option_tuple2_f32_u64_option_u8_t) * of, shapes_option_tuple2_f32_u64_t* ret,
                      shapes_option_u8_t* err)
{
    return IMPORTED(nested)((void*)of, ret, err);
}

void EXPORTED(wrapped)(shapes_tuple1_u64_t* of, shapes_tuple1_u64_t* ret)
{
    IMPORTED(wrapped)(of, ret);
}

void exports_shapes_run(shapes_list_u8_t* ret)
{
    shapes_string_t message;
    shapes_string_set(&message, "hello");
    shapes_log(&message);
    shapes_string_t copy;
    shapes_string_dup(&copy, "abc");
    *ret = (shapes_list_u8_t){copy.ptr, copy.len};
}
