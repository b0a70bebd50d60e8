#include <stddef.h>
#include <stdint.h>

// libFuzzer comes without a header (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*check)(const uint8_t *start, size_t count));
