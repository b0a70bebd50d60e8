#pragma once

// Debian's libxml2 declares converters of ICU's too, and with them another UErrorCode than Foundation's own ICU has: a
// build in which the compiler sees both fails. Nothing here converts.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/tree.h>
