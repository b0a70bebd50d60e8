#pragma once

/* Not part of the Glibc module: mallopt(3). */
#include <malloc.h>
