/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger: who owes whom how much CPU time.
 *
 * What the active pay is granted to all by share. Paying is written down at once; being paid is not: the ledger moves its
 * virtual time, and each account collects its share of the difference when it is next looked at. So nobody who sleeps costs
 * anything, and it holds to the nanosecond that
 *
 *     bank + sum of slow credits + what is not yet collected + remainder = constant.
 *
 * The fast accounts have no bank, and their S is of those alone who ran not long ago. Divided by a thousand who sleep, it
 * would take all that a host can pay to keep one who types out of debt.
 */
#include "state.h"

/* Nobody's cap is more than all of the depth, although a large share that does not count may be more than those who do. */
void cgb_ledger_set_depth(struct cgb_ledger *ledger, const struct cgb_policy_options *options, uint32_t cpus_permille,
        uint32_t largest_share_permille)
{
        const uint64_t depth_usec[SPANS] = {options->slow_depth_usec, options->fast_depth_usec};

        /* thousandths of a CPU times microseconds are nanoseconds of CPU time */
        for (int span = 0; span < SPANS; span++) {
                uint64_t shares_permille = cgb_max_u64(ledger->shares_permille[span], largest_share_permille);

                ledger->cap_nsec[span] = (int64_t)cgb_max_u64(depth_usec[span] * cpus_permille / shares_permille, 1);
        }
}

/* With all of the fast credit that one can have. */
void cgb_ledger_count(struct cgb_ledger *ledger, struct cgb_account *account)
{
        if (account->counts)
                return;
        account->credit_nsec[FAST] = cgb_account_credit(ledger, account, FAST);
        account->seen_nsec[FAST] = ledger->virtual_nsec[FAST];
        account->counts = true;
        ledger->shares_permille[FAST] += account->share_permille;
}

void cgb_ledger_discount(struct cgb_ledger *ledger, struct cgb_account *account)
{
        if (account->counts)
                ledger->shares_permille[FAST] -= account->share_permille;
        account->counts = false;
}

void cgb_ledger_grant(struct cgb_ledger *ledger, enum cgb_span span, uint64_t charged_nsec)
{
        uint64_t granted_nsec = charged_nsec + ledger->remainder_nsec[span];

        if (ledger->shares_permille[span] == 0)
                return;
        ledger->virtual_nsec[span] += granted_nsec / ledger->shares_permille[span];
        ledger->remainder_nsec[span] = granted_nsec % ledger->shares_permille[span];
}

/* What the account has once it has collected, before the cap takes its part. */
static cgb_i128 collected(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        uint64_t earned_per_permille = ledger->virtual_nsec[span] - account->seen_nsec[span];

        if (span == FAST && !account->counts)
                return cgb_account_cap(ledger, account, FAST);
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
