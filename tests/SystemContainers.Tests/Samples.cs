// SPDX-License-Identifier: Apache-2.0

using CsCheck;

namespace SystemContainers.Tests;

/// <summary>
/// What has to hold for whatever a generator makes: for the same values in each run, so that a gate is red for what was
/// changed and not by luck. With the environment's <c>SYSCTR_SEED=random</c> they are others each time, and with a seed
/// that CsCheck printed the first of them is that one again.
/// </summary>
static class Samples
{
    private static readonly string? s_seed = Environment.GetEnvironmentVariable("SYSCTR_SEED");

    /// <summary>Checks values of a generator.</summary>
    /// <param name="gen">Makes them.</param>
    /// <param name="holds">Throws where it does not hold.</param>
    /// <param name="iter">How many.</param>
    /// <exception cref="CsCheckException">It does not hold: with the smallest such value that was found, and its
    /// seed.</exception>
    public static void Check<T>(this Gen<T> gen, Action<T> holds, int iter = 100)
    {
        if (s_seed is { Length: > 0 })
        {
            gen.Sample(holds, seed: s_seed == "random" ? null : s_seed, iter: iter);
            return;
        }

        PCG random = new(1, 1);
        for (int i = 0; i < iter; i++)
        {
            string seed = random.ToString();
            try
            {
                holds(gen.Generate(random, null, out _));
            }
            catch (Exception)
            {
                // The same value first, and then ever smaller ones.
                gen.Sample(holds, seed: seed, iter: iter);
                throw;
            }
        }
    }

    /// <summary>As <see cref="Check{T}(Gen{T}, Action{T}, int)"/>, one after the other.</summary>
    public static async Task CheckAsync<T>(this Gen<T> gen, Func<T, Task> holds, int iter = 100)
    {
        if (s_seed is { Length: > 0 })
        {
            await gen.SampleAsync(holds, seed: s_seed == "random" ? null : s_seed, iter: iter, threads: 1);
            return;
        }

        PCG random = new(1, 1);
        for (int i = 0; i < iter; i++)
        {
            string seed = random.ToString();
            try
            {
                await holds(gen.Generate(random, null, out _));
            }
            catch (Exception)
            {
                await gen.SampleAsync(holds, seed: seed, iter: iter, threads: 1);
                throw;
            }
        }
    }
}
