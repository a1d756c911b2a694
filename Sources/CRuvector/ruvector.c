#include "ruvector.h"
