// Asks over HTTP what its decoded query string says, and prints what comes of it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))
IMPORT("req")
uint32_t req(const char* url, size_t url_size, const char* method, size_t method_size, const char* headers,
             size_t headers_size, const char* body, size_t body_size, uint16_t* status, uint32_t* handle);
IMPORT("body_read") uint32_t body_read(uint32_t handle, char* to, size_t size, size_t* count);

int main(void)
{
    const char* url = getenv("QUERY_STRING");
    uint16_t status = 0;
    uint32_t handle = 0;
    printf("content-type: text/plain\n\n");
    const uint32_t error = req(url, strlen(url), "GET", 3, "", 0, "", 0, &status, &handle);
    printf("error %u\n", (unsigned)error);
    if (error)
        return 0;
    printf("status %u\n", (unsigned)status);
    static char body[10000];
    for (size_t count = 0; body_read(handle, body, sizeof body, &count) == 0 && count > 0;)
        fwrite(body, 1, count, stdout);
    return 0;
}
