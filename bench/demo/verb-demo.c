#include "../verbs.h"
int verb_demo(int argc, char **argv){(void)argc;(void)argv;return 1;}
