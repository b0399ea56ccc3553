using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Xunit;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>What is read as a CRL, and whose it is taken for.</summary>
public sealed class CertificateRevocationListTests
{
    private const int MaxEntries = 5;

    private static readonly Issued Ca = Recipe.Authority("Plant 7").Issue();
    private static readonly CrlRecipe Good = Of(Ca);

    [Fact]
    public void A_complete_list_is_read_with_its_entries_reasons_and_times()
    {
        var recipe = Good with { Number = BigInteger.Pow(2, 120), Entries = [new(7), new(BigInteger.Pow(2, 159) - 1, 1), new(0, 6), new(300, 10)] };

        var list = Read(recipe);

        Assert.Equal((BigInteger.Pow(2, 120), null, false, 4), (list.Number, list.BaseNumber, list.MayBePart, list.Serials.Count));
        Assert.Equal((recipe.ThisUpdate, recipe.NextUpdate), (list.ThisUpdate, list.NextUpdate));
        Assert.Equal(["0", "7", "12C", "7F" + new string('F', 38)], list.Serials.All.Select(entry => entry.Serial.ToString()));
        Assert.Equal(
            [RevocationReason.CertificateHold, RevocationReason.Unspecified, RevocationReason.Unspecified, RevocationReason.KeyCompromise], list.Serials.All.Select(entry => entry.Reason));
        Assert.All(list.Serials.All, entry => Assert.Equal(new DateTimeOffset(2026, 11, 23, 17, 0, 0, TimeSpan.Zero), entry.Time));
        Assert.Null(list.SignatureFault(Authority(Ca)));
        Assert.Equal(list.Serials.All, Stored(list.Serials).All);
    }

    [Fact]
    public void A_delta_adds_replaces_and_takes_away()
    {
        var complete = Read(Good with { Entries = [new(1, 6), new(2, 6), new(3)] }).Serials;
        var delta = Read(Good with { Number = 2, BaseNumber = 1, Entries = [new(2, 8), new(1, 1), new(9), new(8, 8)] });

        var merged = complete.With(delta.Serials);

        Assert.Equal(BigInteger.One, delta.BaseNumber);
        Assert.Equal([("1", RevocationReason.KeyCompromise), ("3", RevocationReason.Unspecified), ("9", RevocationReason.Unspecified)], merged.All.Select(entry => (entry.Serial.ToString(), entry.Reason!.Value)));
        Assert.Equal(["9"], merged.Except(complete).Select(serial => serial.ToString()));
        Assert.Equal(["2"], complete.Except(merged).Select(serial => serial.ToString()));
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "version 1", "version 2" },
        { "no next", "when the next one comes" },
        { "no number", "no CRL number" },
        { "negative number", "not one well-formed" },
        { "two algorithms", "two signature algorithms differ" },
        { "no issuer", "names no issuer" },
        { "ends before it begins", "before this one" },
        { "unknown critical", "critical extension 1.2.3.4" },
        { "doubled extension", "not one well-formed" },
        { "only users", "covers only some" },
        { "only CAs", "covers only some" },
        { "some reasons", "covers only some" },
        { "indirect", "indirect list" },
        { "entry of another issuer", "entry of serial number 5 is of another issuer" },
        { "critical in an entry", "entry of serial number 5 has the critical extension 1.2.3.4" },
        { "remove in a complete list", "entry of serial number 5 has a reason that is not allowed" },
        { "reason 7", "entry of serial number 5 has a reason that is not allowed" },
        { "negative serial", "entry 1 has a serial number" },
        { "serial of 21 octets", "entry 1 has a serial number" },
        { "twice", "lists the serial number 5 twice" },
        { "delta of itself", "not above that of its base" },
        { "too many", "more than 5 entries" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void What_cannot_be_held_to_in_full_is_refused_with_the_reason(string fault, string words)
    {
        var critical = ("1.2.3.4", true, new byte[] { 5, 0 });
        var recipe = fault switch
        {
            "version 1" => Good with { Version = 0 },
            "no next" => Good with { NextUpdate = null },
            "no number" => Good with { Number = null },
            "negative number" => Good with { Number = -1 },
            "two algorithms" => Good with { InnerAlgorithm = "1.2.840.10045.4.3.3" },
            "no issuer" => Good with { Issuer = [0x30, 0x00] },
            "ends before it begins" => Good with { NextUpdate = Good.ThisUpdate.AddSeconds(-1) },
            "unknown critical" => Good with { Extensions = [critical] },
            "doubled extension" => Good with { Extensions = [("2.5.29.20", false, CrlRecipe.NumberOf(1))] },
            "only users" => Good with { Extensions = [Scope(1)] },
            "only CAs" => Good with { Extensions = [Scope(2)] },
            "some reasons" => Good with { Extensions = [("2.5.29.28", true, [0x30, 0x04, 0x83, 0x02, 0x06, 0x40])] },
            "indirect" => Good with { Extensions = [Scope(4)] },
            "entry of another issuer" => Good with { Entries = [new(5) { Extensions = [("2.5.29.29", true, [0x30, 0x00])] }] },
            "critical in an entry" => Good with { Entries = [new(5) { Extensions = [critical] }] },
            "remove in a complete list" => Good with { Entries = [new(5, 8)] },
            "reason 7" => Good with { Entries = [new(5, 7)] },
            "negative serial" => Good with { Entries = [new(-5)] },
            "serial of 21 octets" => Good with { Entries = [new(BigInteger.Pow(2, 160))] },
            "twice" => Good with { Entries = [new(5), new(6), new(5, 1)] },
            "delta of itself" => Good with { BaseNumber = 1 },
            _ => Good with { Entries = [.. Enumerable.Range(1, MaxEntries + 1).Select(each => new CrlEntry(each))] },
        };

        Assert.False(CertificateRevocationList.TryRead(recipe.Build(), MaxEntries, out var list, out var told));
        Assert.Null(list);
        Assert.Contains(words, told, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_critical_is_read_over_and_a_distribution_point_is_told_of()
    {
        var list = Read(Good with
        {
            Extensions = [("1.2.3.4", false, [5, 0]), ("2.5.29.28", true, [0x30, 0x09, 0xA0, 0x07, 0xA0, 0x05, 0x86, 0x03, .. "a:b"u8])],
            Entries = [.. Enumerable.Range(1, MaxEntries).Select(each => new CrlEntry(each) { Extensions = [("2.5.29.24", false, [5, 0])] })],
        });

        Assert.Equal((true, MaxEntries), (list.MayBePart, list.Serials.Count));
    }

    [Fact]
    public void PEM_is_read_with_a_text_before_it_and_nothing_after_it()
    {
        var der = Good.Build();
        var pem = PemEncoding.WriteString("X509 CRL", der);

        Assert.True(Taken(pem));
        Assert.True(Taken("Certificate Revocation List (CRL):\n    Version 2\n" + pem + "\n\n"));
        Assert.False(Taken(pem + "x"));
        Assert.False(Taken(pem + "\n" + pem));
        Assert.False(Taken(PemEncoding.WriteString("CERTIFICATE", der)));
        Assert.False(Taken("-----BEGIN X509 CRL-----\n" + pem));
        Assert.False(Taken(""));
        Assert.False(CertificateRevocationList.TryRead(new byte[] { 0x30, 0x00 }, MaxEntries, out _, out _));
        Assert.False(CertificateRevocationList.TryRead((byte[])[.. der, 0], MaxEntries, out _, out var fault));
        Assert.Contains("nothing else", fault, StringComparison.Ordinal);

        static bool Taken(string text) => CertificateRevocationList.TryRead(Encoding.ASCII.GetBytes(text), MaxEntries, out _, out _);
    }

    [Fact]
    public void Only_the_CA_that_signed_it_and_may_has_signed_it()
    {
        var namesake = Recipe.Authority("Plant 7").Issue();
        var other = Recipe.Authority("Plant 8").Issue();
        var list = Read(Good with { Entries = [new(5)] });

        Assert.Null(list.SignatureFault(Authority(Ca)));
        Assert.Contains("another key signed it", list.SignatureFault(Authority(namesake)), StringComparison.Ordinal);
        Assert.Contains("it is a list of", list.SignatureFault(Authority(other)), StringComparison.Ordinal);
        Assert.Equal((true, false), (list.Names(Authority(Ca)), list.Names(Authority(other))));

        // The same key in another certificate of the same name is the same issuer.
        var renewed = (Recipe.Authority("Plant 7") with { Key = Ca.Key }).Issue();
        Assert.Null(list.SignatureFault(Authority(renewed)));
        Assert.Equal(Authority(Ca).IssuerMark, Authority(renewed).IssuerMark);
        Assert.NotEqual(Authority(Ca).IssuerMark, Authority(namesake).IssuerMark);

        var mayNot = (new Recipe { Subject = Names.Cn("Plant 7"), Key = Ca.Key }.With(Extension.BasicConstraints(true))
            .With(Extension.KeyUsage(System.Security.Cryptography.X509Certificates.X509KeyUsageFlags.KeyCertSign))).Issue();
        Assert.Contains("cRLSign", list.SignatureFault(Authority(mayNot)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_identifier_must_be_the_CAs_and_the_algorithm_one_that_paths_accept()
    {
        var identified = Recipe.Authority("Plant 7").Identified().Issue();
        Assert.Null(Read(Of(identified) with { AuthorityKeyId = identified.KeyId }).SignatureFault(Authority(identified)));
        Assert.Contains("names another key", Read(Of(identified) with { AuthorityKeyId = Ca.KeyId }).SignatureFault(Authority(identified)), StringComparison.Ordinal);
        Assert.Null(Read(Good with { AuthorityKeyId = identified.KeyId }).SignatureFault(Authority(Ca)));

        var sha1 = Read(Good with { Algorithm = "1.2.840.10045.4.1" });
        Assert.Contains("not accepted", sha1.SignatureFault(Authority(Ca)), StringComparison.Ordinal);
        var changed = Good.Build();
        changed[^1] ^= 1;
        Assert.True(!CertificateRevocationList.TryRead(changed, MaxEntries, out var forged, out _) || forged.SignatureFault(Authority(Ca)) is not null);
    }

    [Fact]
    public void A_hundred_thousand_entries_are_held_in_28_bytes_each()
    {
        var entries = Enumerable.Range(1, 100_000).Select(each => Serial(each)).Select(serial => new RevokedSerial(serial, RevocationReason.Superseded, DateTimeOffset.UnixEpoch)).ToList();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var serials = RevokedSerials.Of(entries, out var doubled);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 2_800_000, 2_810_000);
        Assert.Null(doubled);
        Assert.All(entries.Where((_, index) => index % 997 == 0), entry => Assert.Equal(entry, serials.Find(entry.Serial)));
        Assert.Null(serials.Find(Serial(100_001)));
        Assert.Equal(100_000, Stored(serials).Count);

        static CertificateSerial Serial(int number) =>
            CertificateSerial.TryRead([0, .. SHA256.HashData(BitConverter.GetBytes(number))[..20]], out var serial) ? serial : throw new ArgumentOutOfRangeException(nameof(number));
    }

    [Fact]
    public void What_was_not_stored_by_this_version_is_not_read()
    {
        var bytes = Read(Good with { Entries = [new(1), new(2)] }).Serials.ToBytes();

        Assert.False(RevokedSerials.TryRead(bytes.AsSpan(1), out _));
        Assert.False(RevokedSerials.TryRead([.. bytes[26..], .. bytes[..26]], out _));
        Assert.True(RevokedSerials.TryRead([], out var none) && none.Count == 0);
    }

    private static RevokedSerials Stored(RevokedSerials serials) => RevokedSerials.TryRead(serials.ToBytes(), out var read) ? read : throw new InvalidDataException();

    private static (string Oid, bool IsCritical, byte[] Content) Scope(byte number) => ("2.5.29.28", true, [0x30, 0x03, (byte)(0x80 | number), 0x01, 0xFF]);

    private static CrlRecipe Of(Issued authority) => new() { Issuer = authority.Name, Sign = authority.Key.Sign };

    private static AuthorityCertificate Authority(Issued issued) => AuthorityCertificate.TryRead(issued.Raw, out var authority, out var fault) ? authority : throw new ArgumentException(fault);

    private static CertificateRevocationList Read(CrlRecipe recipe) =>
        CertificateRevocationList.TryRead(recipe.Build(), MaxEntries, out var list, out var fault) ? list : throw new ArgumentException(fault);
}
