#include "trace/trace-hw_cordon.h"
