using System.Diagnostics;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>What a target does with one input. Called again with the same input when it seemed slow, so it must not remember.</summary>
internal delegate void FuzzTarget(ReadOnlySpan<byte> input);

/// <summary>Feeds a target for a bounded time and fails on an undeclared exception, a hang, a slow input or an allocation out of proportion.</summary>
/// <remarks>The message names the seed, the number and the bytes of the input; a run with the same seed meets it again.</remarks>
internal static class FuzzRun
{
    private const int Tries = 3;

    internal static void Run(IReadOnlyList<byte[]> seeds, FuzzTarget target, FuzzOptions? options = null)
    {
        var run = new Runner(seeds, target, options ?? new FuzzOptions());
        var thread = new Thread(run.Loop) { IsBackground = true, Name = "fuzz" };
        thread.Start();
        while (!thread.Join(TimeSpan.FromMilliseconds(100)))
        {
            run.FailOnHang();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{run.Count} inputs, seed {FuzzOptions.Seed}");
        Assert.True(run.Failure is null, run.Failure);
        Assert.True(run.Count > 0, "no input was tried");
    }

    private sealed class Runner(IReadOnlyList<byte[]> seeds, FuzzTarget target, FuzzOptions options)
    {
        private volatile byte[] current = [];
        private long startedAt;

        internal long Count { get; private set; }

        internal string? Failure { get; private set; }

        internal void Loop()
        {
            // The seeds themselves first: they also warm the target up.
            var mutator = new Mutator(seeds, options, FuzzOptions.Seed);
            var end = Stopwatch.GetTimestamp() + (long)(FuzzOptions.Duration.TotalSeconds * Stopwatch.Frequency);
            for (var i = 0; Failure is null && (i < seeds.Count || Stopwatch.GetTimestamp() < end); i++)
            {
                Try(i < seeds.Count ? seeds[i] : mutator.Next());
                Count++;
            }
        }

        internal void FailOnHang()
        {
            var started = Interlocked.Read(ref startedAt);
            if (started != 0 && Stopwatch.GetElapsedTime(started) > options.HangTime)
            {
                Assert.Fail(Describe("hangs"));
            }
        }

        private void Try(byte[] input)
        {
            current = input;
            var budget = options.AllocationBytes + (options.AllocationBytesPerByte * input.Length);
            string? fault = null;
            for (var attempt = 0; attempt < Tries; attempt++)
            {
                var allocated = GC.GetAllocatedBytesForCurrentThread();
                Interlocked.Exchange(ref startedAt, Stopwatch.GetTimestamp());
                if (Call(input) is { } thrown)
                {
                    Failure = Describe($"throws {thrown}");
                    return;
                }

                var took = Stopwatch.GetElapsedTime(Interlocked.Exchange(ref startedAt, 0));
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
                fault = took > options.InputTime ? $"takes {took.TotalMilliseconds:F0} ms, {options.InputTime.TotalMilliseconds:F0} ms are allowed"
                    : allocated > budget ? $"allocates {allocated} bytes, {budget} are allowed"
                    : null;
                if (fault is null)
                {
                    return;
                }
            }

            Failure = Describe(fault!);
        }

        private Exception? Call(byte[] input)
        {
            try
            {
                target(input);
                return null;
            }
            catch (Exception e) when (options.Declared.Contains(e.GetType()))
            {
                return null;
            }
            catch (Exception e)
            {
                return e;
            }
        }

        private string Describe(string what) => $"Input {Count} of seed {FuzzOptions.Seed} {what}. Bytes (base64): {Convert.ToBase64String(current)}";
    }
}
