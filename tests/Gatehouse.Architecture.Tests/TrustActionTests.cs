using System.Text.RegularExpressions;
using Gatehouse.Contracts.Audit;
using Xunit;

namespace Gatehouse.Architecture.Tests;

/// <summary>Whoever invents an action of the audit log decides whether it is a change of trust.</summary>
public sealed partial class TrustActionTests
{
    /// <summary>First words of texts in these rooms that have a dot and are no action: fields of the query language and twins, files, addresses, libraries.</summary>
    private static readonly string[] NoActions =
        ["d", "e", "i", "j", "p", "t", "u", "x", "ca", "capabilities", "configurations", "default", "devices", "gatehouse", "importErrors", "libcrypto", "libssl", "properties", "rollover", "tls", "tpm"];

    [Fact]
    public void Every_action_is_said_to_be_of_trust_or_not()
    {
        var words = new[] { "Gatehouse.Hub", "Gatehouse.Provisioning", "Gatehouse.Store", "Gatehouse.Transport" }
            .SelectMany(room => Tree.Sources($"src/{room}"))
            .SelectMany(file => File.ReadLines(file))
            .Where(line => !line.TrimStart().StartsWith("///", StringComparison.Ordinal))
            .SelectMany(line => Action().Matches(line).Select(match => match.Groups[1].Value))
            .ToHashSet();
        var decided = TrustActions.Families.Concat(TrustActions.OtherFamilies).ToHashSet();

        Assert.True(words.Intersect(decided).Count() > 30);
        Assert.Empty(words.Except(decided).Except(NoActions));
        Assert.Empty(TrustActions.Families.Intersect(TrustActions.OtherFamilies));
        Assert.Empty(NoActions.Except(words));
    }

    [Theory]
    [InlineData("certificate.issue", true)]
    [InlineData("revocation.undo.mistake", true)]
    [InlineData("device.create", false)]
    [InlineData("certificate.told", false)]
    [InlineData("nobody.thought-of-it", true)]
    [InlineData("nodot", true)]
    public void What_nobody_decided_is_logged(string action, bool isTrust) => Assert.Equal(isTrust, TrustActions.IsTrust(action));

    [GeneratedRegex("""\$?"([a-zA-Z]+)\.(?:\{|[a-z])""")]
    private static partial Regex Action();
}
