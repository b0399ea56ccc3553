using System.Text;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class MeasuredBootRuleTests
{
    [Theory]
    [InlineData("""{}""", "pcrs")]
    [InlineData("""{"pcrs":[]}""", "pcrs")]
    [InlineData("""{"pcrs":[-1]}""", "pcrs")]
    [InlineData("""{"pcrs":[24]}""", "pcrs")]
    [InlineData("""{"pcrs":[7,7]}""", "pcrs")]
    [InlineData("""{"pcrs":[0],"hashAlgorithm":"sha1"}""", "hashAlgorithm")]
    [InlineData("""{"pcrs":[0],"reattestEverySeconds":59}""", "reattestEverySeconds")]
    [InlineData("""{"pcrs":[0],"reattestEverySeconds":31536001}""", "reattestEverySeconds")]
    [InlineData("""{"pcrs":[0],"values":{}}""", "values")]
    [InlineData("""{"pcrs":[0],"values":{"0":null}}""", "values")]
    [InlineData("""{"pcrs":[0],"values":{"0":"VALUE0"}}""", "values")]
    [InlineData("""{"pcrs":[0],"values":{"00":"VALUE"}}""", "values")]
    [InlineData("""{"pcrs":[0],"values":{"0":"VALUE","1":"VALUE"}}""", "values")]
    [InlineData("""{"pcrs":[0,1],"values":{"0":"VALUE"}}""", "values")]
    [InlineData("""{"pcrs":[0],"hashAlgorithm":"sha384","values":{"0":"VALUE"}}""", "values")]
    public void A_policy_that_no_TPM_could_meet_is_refused_with_what_is_wrong(string policy, string word)
    {
        var read = MeasuredBootRules.Read(Input(), Policy(policy));

        Assert.Equal(400, read.Error?.HttpStatus);
        Assert.Contains(word, read.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_an_individual_enrollment_of_a_TPM_has_one()
    {
        Assert.Contains("attest by tpm", MeasuredBootRules.Read(Input() with { Type = AttestationType.SymmetricKey }, Policy("""{"pcrs":[0]}""")).Error!.Message, StringComparison.Ordinal);
        Assert.Contains("individual", MeasuredBootRules.Read(Input() with { Key = new EnrollmentKey(EnrollmentKind.Group, "g") }, Policy("""{"pcrs":[0]}""")).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_24_registers_may_be_wanted_and_are_put_in_order()
    {
        var stored = Stored($$"""{"pcrs":[{{string.Join(',', Enumerable.Range(0, 24).Reverse())}}],"reattestEverySeconds":60}""");

        Assert.Equal((0xFFFFFFu, "sha256", 60), (stored.Selection, stored.HashAlgorithm, stored.ReattestEverySeconds));
        Assert.Equal(Enumerable.Range(0, 24), stored.Pcrs);
        Assert.Equal(31536000, Stored("""{"pcrs":[0],"reattestEverySeconds":31536000}""").ReattestEverySeconds);
    }

    [Fact]
    public void Values_are_learned_only_where_there_are_some()
    {
        Assert.Null(Stored("""{"pcrs":[0],"learned":true}""").Learned);
        Assert.Null(Stored("""{"pcrs":[0],"values":{"0":"VALUE"},"learned":false}""").Learned);
        var learned = Stored("""{"pcrs":[0],"values":{"0":"VALUE"},"learned":true}""");
        Assert.Equal((true, new string('a', 64)), (learned.Learned, learned.Values!["0"]));
    }

    [Fact]
    public void What_has_changed_is_named_register_by_register_and_cut_where_it_is_much()
    {
        var changed = new ChangedBoot([.. Enumerable.Range(0, 6).Select(pcr => new ChangedRegister(pcr.ToString(System.Globalization.CultureInfo.InvariantCulture), "aa", "bb"))]);

        Assert.Equal("PCR 0, 1, 2, 3, 4, 5 changed", changed.Summary);
        Assert.Equal("PCR 0 is bb and should be aa, PCR 1 is bb and should be aa, PCR 2 is bb and should be aa, PCR 3 is bb and should be aa, and 2 more differ", changed.Detail);
    }

    private static MeasuredBootPolicy Stored(string policy)
    {
        var read = MeasuredBootRules.Read(Input(), Policy(policy));
        Assert.True(read.IsOk, read.Error?.Message);
        return read.Value.Proof.MeasuredBoot!;
    }

    private static MeasuredBootPolicy Policy(string text) =>
        JsonBody.Parse(Encoding.UTF8.GetBytes($$"""{"measuredBootPolicy":{{text.Replace("VALUE", new string('A', 64), StringComparison.Ordinal)}}}"""), ProvisioningJson.Types.EnrollmentDocument).Value!.MeasuredBootPolicy!;

    private static EnrollmentInput Input() => new()
    {
        Key = new EnrollmentKey(EnrollmentKind.Individual, "d"),
        Name = "d",
        Type = AttestationType.Tpm,
        IsDisabled = false,
        Settings = new EnrollmentDocument(),
    };
}
