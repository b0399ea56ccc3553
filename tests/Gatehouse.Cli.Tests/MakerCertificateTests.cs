using Gatehouse.Identity.Tests.Tpm;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>A server that trusts one maker of TPMs, and a TPM whose maker left the certificate where makers leave it.</summary>
public sealed class MakerCertificateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SoftwareTpm tpm = new();

    public void Dispose()
    {
        tpm.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("rsa", "0x01C00002", "ownerread|ownerwrite|authread")]
    [InlineData("ecc", "0x01C0000A", "ownerread|ownerwrite")]
    public async Task The_certificate_in_the_TPM_is_sent_and_lets_it_in(string algorithm, string index, string access)
    {
        using var maker = new TpmMaker(DateTimeOffset.UtcNow);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "maker.pem"), maker.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var server = new RunningServer();
        await using var running = server;
        await server.StartAsync("--tpm-manufacturer-roots", folder.Path);
        var shown = (await ShowAsync(algorithm)).Json;
        await CliRun.OkAsync(server.On("enrollment", "create", "made-1", "--endorsement-key", (string)shown["endorsementKey"]!));
        Assert.Null(shown["endorsementCertificate"]);
        await CliRun.RefusedAsync(1, Register(server, algorithm), "Unauthorized", "gatehouse why made-1");
        var why = (await CliRun.UntilRefusedAsync(server, "made-1", 1)).Output;
        Assert.All(["EndorsementCertificateMissing", "'gatehouse enrollment update made-1 --endorsement-certificate FILE'"], words => Assert.Contains(words, why, StringComparison.Ordinal));

        // Makers fill the index up.
        var certificate = maker.Certify(Convert.FromBase64String((string)shown["endorsementKey"]!));
        tpm.Write("certificate", [.. certificate, .. Enumerable.Repeat((byte)0xFF, 100)]);
        tpm.Run("tpm2_nvdefine", index, "-C", "o", "-s", $"{certificate.Length + 100}", "-a", access);
        tpm.Run("tpm2_nvwrite", index, "-C", "o", "-i", "certificate");

        Assert.Equal(Convert.ToBase64String(certificate), (string?)(await ShowAsync(algorithm)).Json["endorsementCertificate"]);
        await CliRun.OkAsync(Register(server, algorithm));
    }

    [Fact]
    public async Task An_operator_writes_it_into_the_enrollment()
    {
        using var maker = new TpmMaker(DateTimeOffset.UtcNow);
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "maker.cer"), maker.Root.RawData, TestContext.Current.CancellationToken);
        var server = new RunningServer();
        await using var running = server;
        await server.StartAsync("--tpm-manufacturer-roots", Path.Combine(folder.Path, "maker.cer"));
        var endorsementKey = (string)(await ShowAsync("ecc")).Json["endorsementKey"]!;
        var file = Path.Combine(folder.Path, "ek.cer");
        await File.WriteAllBytesAsync(file, maker.Certify(Convert.FromBase64String(endorsementKey)), TestContext.Current.CancellationToken);

        await CliRun.OkAsync(server.On("enrollment", "create", "made-1", "--endorsement-key", endorsementKey, "--endorsement-certificate", file));

        await CliRun.OkAsync(Register(server, "ecc"));
        Assert.Contains("endorsement certificate", (await CliRun.OkAsync(server.On("enrollment", "show", "made-1"))).Output, StringComparison.Ordinal);
    }

    private Task<CliRun> ShowAsync(string algorithm) => CliRun.OkAsync("attest", "tpm", "show", "--json", "--algorithm", algorithm, "--tpm", tpm.Address);

    private string[] Register(RunningServer server, string algorithm) =>
    [
        "attest", "tpm", "register", "--host", $"localhost:{server.Port("https")}", "--id-scope", server.Connection.GetProperty("dps").GetProperty("idScope").GetString()!,
        "--ca-file", server.Connection.GetProperty("caFile").GetString()!, "--tpm", tpm.Address, "--algorithm", algorithm, "--registration-id", "made-1",
    ];
}
