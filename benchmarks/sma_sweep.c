/* The loop that a C programmer writes for a grid of moving averages on one instrument: fills at the next open, all
   cash, commission and slippage; total return, Sharpe ratio and maximum drawdown of each pair, nothing kept. */
#include <math.h>
#include <stddef.h>

void sma_sweep(const double *opens, const double *closes, const double *sums, size_t n, const long long *pairs,
               size_t count, double cash_before, double fee, double slip, double periods, double *out)
{
    for (size_t i = 0; i < count; i++) {
        const size_t fast = (size_t)pairs[2 * i], slow = (size_t)pairs[2 * i + 1];
        const double wide = (double)slow, narrow = (double)fast;
        double cash = cash_before, units = 0.0, before = cash_before, peak = cash_before, depth = 0.0;
        double mean = 0.0, squares = 0.0;
        int wanted = 0;
        for (size_t t = 0; t < n; t++) {
            if (wanted != (units > 0.0)) {
                if (wanted) {
                    const double price = opens[t] * (1.0 + slip);
                    units = cash / (price * (1.0 + fee));
                    cash = 0.0;
                } else {
                    cash += units * opens[t] * (1.0 - slip) * (1.0 - fee);
                    units = 0.0;
                }
            }
            const double equity = cash + units * closes[t];
            const double gain = equity / before - 1.0;
            before = equity;
            mean += gain;
            squares += gain * gain;
            peak = equity > peak ? equity : peak;
            const double below = equity / peak - 1.0;
            depth = below < depth ? below : depth;
            if (t + 1 >= slow) {
                const double late = t + 1 > slow ? sums[t - slow] : 0.0;
                wanted = (sums[t] - sums[t - fast]) * wide > (sums[t] - late) * narrow;
            }
        }
        mean /= (double)n;
        const double deviation = sqrt((squares - (double)n * mean * mean) / (double)(n - 1));
        out[3 * i] = before / cash_before - 1.0;
        out[3 * i + 1] = deviation > 0.0 ? mean / deviation * sqrt(periods) : NAN;
        out[3 * i + 2] = depth;
    }
}
