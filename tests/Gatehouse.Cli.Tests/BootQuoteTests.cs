using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Attesting;
using Gatehouse.Cli.Tpm;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>Quotes that a service asks for, and TPMs that do not give them as they should.</summary>
public sealed class BootQuoteTests
{
    private const string Asked = """{"nonce":"AQID","hashAlgorithm":"sha256","pcrs":[16,0],"credentialBlob":"AAEJ","encryptedSecret":"AAIICA=="}""";

    private static readonly byte[] First = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] Second = [.. Enumerable.Repeat((byte)2, 32)];

    [Fact]
    public void What_is_asked_is_read_and_its_registers_are_put_in_order()
    {
        var asked = BootQuote.Parse(JsonNode.Parse(Asked))!;

        Assert.Equal(("010203", "09", "0808"), (Convert.ToHexString(asked.Nonce), Convert.ToHexString(asked.Credential), Convert.ToHexString(asked.Secret)));
        Assert.Equal([0, 16], asked.Registers.Numbers);
        Assert.Equal("00000001000B03010001", Convert.ToHexString(asked.Registers.Select()));
        Assert.Null(BootQuote.Parse(null));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"quote\"")]
    [InlineData("{}")]
    [InlineData("""{"nonce":"?"}""")]
    [InlineData("""{"nonce":""}""")]
    [InlineData("""{"nonce":7}""")]
    [InlineData("""{"hashAlgorithm":"sha1"}""")]
    [InlineData("""{"hashAlgorithm":null}""")]
    [InlineData("""{"pcrs":[]}""")]
    [InlineData("""{"pcrs":[24]}""")]
    [InlineData("""{"pcrs":[-1]}""")]
    [InlineData("""{"pcrs":["0"]}""")]
    [InlineData("""{"pcrs":[null]}""")]
    [InlineData("""{"pcrs":{"0":0}}""")]
    [InlineData("""{"credentialBlob":null}""")]
    [InlineData("""{"credentialBlob":"AAA="}""")]
    [InlineData("""{"credentialBlob":"AAIJ"}""")]
    [InlineData("""{"encryptedSecret":"AA=="}""")]
    [InlineData("""{"encryptedSecret":"AAEICA=="}""")]
    public void A_challenge_of_another_form_is_refused_before_the_TPM_is_asked(string change)
    {
        var asked = JsonNode.Parse(change);
        if (asked is JsonObject members && members.Count > 0)
        {
            asked = JsonNode.Parse(Asked)!;
            foreach (var (name, value) in members)
            {
                asked[name] = value?.DeepClone();
            }
        }

        Assert.Contains("not understood", Assert.Throws<CliException>(() => BootQuote.Parse(asked)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Registers_that_are_extended_in_the_middle_are_quoted_again()
    {
        // Read, extended, quoted; read and quoted.
        using var tpm = new ScriptedTpm(number => number switch { 0 => Values(First), 2 => Values(Second), _ => Quoted(Second) });

        Assert.Equal(Convert.ToHexStringLower(Second), (string)Answer(tpm)["pcrValues"]!["7"]!);
        Assert.Equal([0x17Eu, 0x158u, 0x17Eu, 0x158u], tpm.Commands);
    }

    [Fact]
    public void Registers_that_never_stand_still_are_given_up()
    {
        using var tpm = new ScriptedTpm(number => number % 2 == 0 ? Values(First) : Quoted(Second));

        Assert.Contains("changed while they were quoted", Assert.Throws<CliException>(() => Answer(tpm)).Message, StringComparison.Ordinal);
        Assert.Equal(6, tpm.Commands.Count);
    }

    [Fact]
    public void A_bank_that_is_switched_off_is_named()
    {
        using var tpm = new ScriptedTpm(_ => Values());

        Assert.Contains("no sha256 bank of registers 7", Assert.Throws<CliException>(() => Answer(tpm)).Message, StringComparison.Ordinal);
        Assert.Equal([0x17Eu], tpm.Commands);
    }

    [Fact]
    public void A_quote_that_is_cut_short_is_one_error()
    {
        using var tpm = new ScriptedTpm(number => number == 0 ? Values(First) : Response(0x8002, [0, 0, 0, 1, 0, 0]));

        Assert.Contains("Quote is cut short", Assert.Throws<CliException>(() => Answer(tpm)).Message, StringComparison.Ordinal);
    }

    private static JsonObject Answer(ScriptedTpm tpm)
    {
        using var chip = TpmChip.Open(TpmAddress.Parse(tpm.Address, "--tpm"));
        return new BootQuote([1], TpmRegisters.Find("sha256", [7])!, [], []).Answer(new AttestationKey(chip, 0x80000000, []), [5]);
    }

    // TPML_PCR_SELECTION and TPML_DIGEST, after a counter.
    private static byte[] Values(params byte[][] values) =>
        Response(0x8001, [0, 0, 0, 9, 0, 0, 0, 1, 0, 0x0B, 3, 0x80, 0, 0, 0, 0, 0, (byte)values.Length, .. values.SelectMany(value => (byte[])[0, (byte)value.Length, .. value])]);

    // What is looked at of a quote: its end. Then a signature, and the session.
    private static byte[] Quoted(byte[] value)
    {
        byte[] quoted = [0xFF, 0x54, 0x43, 0x47, .. SHA256.HashData(value)];
        byte[] signature = [0, 0x18, 0, 0x0B, 7, 7];
        return Response(0x8002, [0, 0, 0, (byte)(2 + quoted.Length + signature.Length), 0, (byte)quoted.Length, .. quoted, .. signature, 0, 0, 1, 0, 0]);
    }

    private static byte[] Response(ushort tag, byte[] rest) => [(byte)(tag >> 8), (byte)tag, 0, 0, 0, (byte)(10 + rest.Length), 0, 0, 0, 0, .. rest];
}
