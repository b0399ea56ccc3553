using System.Globalization;

namespace Gatehouse.Fuzz;

/// <summary>What one run may do and must not exceed.</summary>
internal sealed record FuzzOptions
{
    private const double DefaultSeconds = 3;

    /// <summary>Longest input that is made. Bytes.</summary>
    public int MaxInputBytes { get; init; } = 4096;

    /// <summary>Allocation that one input may cause, whatever its size. Bytes.</summary>
    public long AllocationBytes { get; init; } = 64 * 1024;

    /// <summary>Further allocation per byte of input. Bytes.</summary>
    public long AllocationBytesPerByte { get; init; } = 64;

    /// <summary>Time that one input may take; judged on the best of three tries, as the machine is shared.</summary>
    public TimeSpan InputTime { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>An input that does not come back within this time is a hang.</summary>
    public TimeSpan HangTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Words of the format that mutations put in.</summary>
    public IReadOnlyList<byte[]> Words { get; init; } = [];

    /// <summary>Exceptions that the target declares for bad input. None: it must answer with a value.</summary>
    public IReadOnlyList<Type> Declared { get; init; } = [];

    /// <summary>Length of a run: <c>GATEHOUSE_FUZZ_SECONDS</c> per target, default 3.</summary>
    internal static TimeSpan Duration { get; } = TimeSpan.FromSeconds(Number("GATEHOUSE_FUZZ_SECONDS", DefaultSeconds));

    /// <summary>Seed: <c>GATEHOUSE_FUZZ_SEED</c>, default 1, so that a run of the tests judges the change and not the day; <c>random</c> for a new one each time, to look for what no run has met.</summary>
    internal static int Seed { get; } =
        Environment.GetEnvironmentVariable("GATEHOUSE_FUZZ_SEED") == "random" ? Random.Shared.Next() : (int)Number("GATEHOUSE_FUZZ_SEED", 1);

    private static double Number(string variable, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
