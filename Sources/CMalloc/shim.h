#pragma once

/* Not part of the Glibc module: mallopt(3), malloc_trim(3). */
#include <malloc.h>
