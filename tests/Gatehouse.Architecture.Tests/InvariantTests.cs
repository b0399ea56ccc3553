using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.Architecture.Tests;

/// <summary>docs/invariants.md names for each invariant tests that are there, and secrets are compared in fixed time.</summary>
public sealed partial class InvariantTests
{
    [Fact]
    public void Each_invariant_names_tests_that_exist()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(Tree.Root, "docs", "invariants.md")));

        Assert.Equal(Enumerable.Range(1, 14), rows.Select(row => int.Parse(row.Groups[1].Value)));
        foreach (Match row in rows)
        {
            var named = TestName().Matches(row.Groups[2].Value).Select(match => (Project: match.Groups[1].Value, Name: match.Groups[2].Value)).ToList();
            Assert.NotEmpty(named);
            Assert.Empty(named.Where(test => !Exists(test.Project, test.Name)).Select(test => $"{row.Groups[1].Value}: {test.Project}/{test.Name}"));
        }
    }

    [Theory]
    [InlineData("Gatehouse.Identity/SharedAccess/TokenSignature.cs")]
    [InlineData("Gatehouse.Identity/SharedAccess/RegistrationToken.cs")]
    [InlineData("Gatehouse.Identity/X509/LeafThumbprints.cs")]
    [InlineData("Gatehouse.Identity/X509/AuthorityCertificate.cs")]
    [InlineData("Gatehouse.Store/Audit/AuditLog.cs")]
    [InlineData("Gatehouse.Hub/Files/BlobAccess.cs")]
    [InlineData("Gatehouse.Gateway/Http/DeviceCaller.cs")]
    public void Proofs_and_hashes_are_compared_in_fixed_time_and_in_no_other_way(string file)
    {
        var text = File.ReadAllText(Path.Combine(Tree.Root, "src", file));

        Assert.Contains("CryptographicOperations.FixedTimeEquals", text, StringComparison.Ordinal);
        Assert.DoesNotContain("SequenceEqual", Issuer().Replace(text, ""), StringComparison.Ordinal);
    }

    private static bool Exists(string project, string name) => project == "conformance"
        ? File.Exists(Path.Combine(Tree.Root, "tests", "conformance", "scenarios", name))
        : Tree.Sources(Path.Combine("tests", project)).Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\bclass {name}\b"));

    // A certificate's issuer is no secret.
    [GeneratedRegex(@"Issuer\.Span\.SequenceEqual")]
    private static partial Regex Issuer();

    [GeneratedRegex(@"^\| (\d+) \|[^|]*\|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Za-z.]+)/([A-Za-z0-9.-]+)`")]
    private static partial Regex TestName();
}
