/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger: who owes whom how much CPU time.
 *
 * What the active pay is granted to all by share. Paying is written down at once; being paid is not: the ledger moves its
 * virtual time, and each account collects its share of the difference when it is next looked at. So nobody who sleeps costs
 * anything, and it holds to the nanosecond that
 *
 *     bank + sum of slow credits + what is not yet collected + remainder = constant.
 */
#include "state.h"

void cgb_ledger_set_depth(struct cgb_ledger *ledger, const struct cgb_policy_options *options, uint32_t cpus_permille)
{
        const uint64_t depth_usec[SPANS] = {options->slow_depth_usec, options->fast_depth_usec};

        if (ledger->shares_permille == 0)
                return;
        /* thousandths of a CPU times microseconds are nanoseconds of CPU time */
        for (int span = 0; span < SPANS; span++)
                ledger->cap_nsec[span] = (int64_t)cgb_max_u64(depth_usec[span] * cpus_permille / ledger->shares_permille, 1);
}

void cgb_ledger_grant(struct cgb_ledger *ledger, enum cgb_span span, uint64_t charged_nsec)
{
        uint64_t granted_nsec = charged_nsec + ledger->remainder_nsec[span];

        ledger->virtual_nsec[span] += granted_nsec / ledger->shares_permille;
        ledger->remainder_nsec[span] = granted_nsec % ledger->shares_permille;
}

int64_t cgb_account_cap(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        return ledger->cap_nsec[span] * account->share_permille;
}

/* What the account has once it has collected; @ret_cut is what the cap takes off. */
static int64_t credit_now(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span,
        int64_t charge_nsec, cgb_i128 *ret_cut)
{
        uint64_t earned_per_permille = ledger->virtual_nsec[span] - account->seen_nsec[span];
        cgb_i128 credit = account->credit_nsec[span] + (cgb_i128)earned_per_permille * account->share_permille - charge_nsec;
        int64_t cap = cgb_account_cap(ledger, account, span), kept = (int64_t)credit;

        *ret_cut = 0;
        if (cap > 0 && (credit > cap || credit < -cap)) {
                kept = credit > cap ? cap : -cap;
                *ret_cut = credit - kept;
        }
        return kept;
}

int64_t cgb_account_credit(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        cgb_i128 cut;

        return credit_now(ledger, account, span, 0, &cut);
}

cgb_i128 cgb_account_uncollected_cut(const struct cgb_ledger *ledger, const struct cgb_account *account)
{
        cgb_i128 cut;

        credit_now(ledger, account, SLOW, 0, &cut);
        return cut;
}

void cgb_account_settle(struct cgb_ledger *ledger, struct cgb_account *account, const int64_t charge_nsec[SPANS])
{
        for (int span = 0; span < SPANS; span++) {
                cgb_i128 cut;

                account->credit_nsec[span] = credit_now(ledger, account, (enum cgb_span)span, charge_nsec[span], &cut);
                account->seen_nsec[span] = ledger->virtual_nsec[span];
                if (span == SLOW)
                        ledger->bank_nsec += cut;
        }
}
