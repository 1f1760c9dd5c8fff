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

/* What the account has once it has collected, before the cap takes its part. */
static cgb_i128 collected(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        uint64_t earned_per_permille = ledger->virtual_nsec[span] - account->seen_nsec[span];

        return account->credit_nsec[span] + (cgb_i128)earned_per_permille * account->share_permille;
}

static int64_t cut_at_cap(cgb_i128 credit, int64_t cap)
{
        if (cap <= 0 || (credit <= cap && credit >= -cap))
                return (int64_t)credit;
        return credit > cap ? cap : -cap;
}

int64_t cgb_account_credit(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        return cut_at_cap(collected(ledger, account, span), cgb_account_cap(ledger, account, span));
}

cgb_i128 cgb_account_uncollected_cut(const struct cgb_ledger *ledger, const struct cgb_account *account)
{
        return collected(ledger, account, SLOW) - cgb_account_credit(ledger, account, SLOW);
}

/* @return what the cap took. */
static cgb_i128 settle(const struct cgb_ledger *ledger, struct cgb_account *account, enum cgb_span span, int64_t charge_nsec)
{
        cgb_i128 credit = collected(ledger, account, span) - charge_nsec;

        account->credit_nsec[span] = cut_at_cap(credit, cgb_account_cap(ledger, account, span));
        account->seen_nsec[span] = ledger->virtual_nsec[span];
        return credit - account->credit_nsec[span];
}

void cgb_account_settle(struct cgb_ledger *ledger, struct cgb_account *account, int64_t slow_nsec, int64_t fast_nsec)
{
        ledger->bank_nsec += settle(ledger, account, SLOW, slow_nsec);
        settle(ledger, account, FAST, fast_nsec);
}
