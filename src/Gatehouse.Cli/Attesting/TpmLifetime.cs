using System.CommandLine;
using System.Globalization;

namespace Gatehouse.Cli.Attesting;

/// <summary>How long a token for the hub is good.</summary>
internal sealed class TpmLifetime
{
    private const int Longest = 365 * 24 * 3600;
    private const int Usual = 3600;

    internal Option<int> Option { get; } = new("--duration", "--du")
    {
        Description = $"Seconds that the token is good; 1–{Longest}, default {Usual}.",
        HelpName = "seconds",
        DefaultValueFactory = _ => Usual,
    };

    internal DateTimeOffset End(Call call) => call.Value(Option) is var seconds and >= 1 and <= Longest
        ? DateTimeOffset.UtcNow.AddSeconds(seconds)
        : throw CliException.Usage($"{Option.Name}: 1–{Longest.ToString(CultureInfo.InvariantCulture)} seconds.");
}
