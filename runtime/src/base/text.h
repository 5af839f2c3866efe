// The runtime's messages are built with format/text.h, which the readers in format/ share.
#pragma once

#include "format/text.h"
