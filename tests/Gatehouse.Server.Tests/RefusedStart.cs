using Xunit;

namespace Gatehouse.Server.Tests;

/// <summary>What every start that is refused has in common.</summary>
internal static class RefusedStart
{
    internal static void Check(ServerChild.Ended ended, string expected)
    {
        Assert.Equal(1, ended.ExitCode);
        Assert.StartsWith("gatehouse: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(expected, ended.Errors, StringComparison.Ordinal);
        Assert.Equal(1, ended.Errors.Count(character => character == '\n'));
        Assert.DoesNotContain("unforeseen", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Output, StringComparison.Ordinal);
    }
}
