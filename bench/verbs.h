/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_VERBS_H
#define BENCH_VERBS_H

/*
 * Every verb of cgburst-bench. argv[0] is "cgburst-bench VERB"; what is returned becomes the exit status: 0, 1 failed, 2
 * wrong usage.
 */

int verb_kernel(int argc, char **argv);
int verb_memory(int argc, char **argv);
int verb_sim(int argc, char **argv);
int verb_sweep(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_demo(int argc, char **argv);
int verb_karma(int argc, char **argv);
int verb_overhead(int argc, char **argv);
int verb_scale(int argc, char **argv);
int verb_sim_memory(int argc, char **argv);

#endif
