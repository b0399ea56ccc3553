using System.Net.Sockets;
using Gatehouse.Cli.Tpm;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>What the command line says of TPMs that are not there, not allowed, or refuse.</summary>
public sealed class TpmFaultTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("tpm0")]
    [InlineData("mssim:host=127.0.0.1")]
    [InlineData("swtpm:port=0")]
    [InlineData("swtpm:port=x")]
    [InlineData("swtpm:host")]
    [InlineData("swtpm:colour=red")]
    public async Task An_address_of_another_form_is_a_usage_error(string address) => await CliRun.RefusedAsync(2, ["attest", "tpm", "show", "--tpm", address], "--tpm", "swtpm:path=");

    [Theory]
    [InlineData("register --host h")]
    [InlineData("register --id-scope s")]
    [InlineData("register --host a:b --id-scope s", "port")]
    [InlineData("register --host h --id-scope s --algorithm dsa")]
    [InlineData("register --host h --id-scope s --duration 0", "--duration")]
    [InlineData("register --host h --id-scope s --payload {", "--payload")]
    [InlineData("register --host h --id-scope s --ca-file nowhere.pem", "--ca-file")]
    [InlineData("token --hub h")]
    [InlineData("token --hub h --device-id d --duration 99999999", "--duration")]
    public async Task A_wrong_command_line_asks_no_TPM(string line, params string[] words)
    {
        using var tpm = new ScriptedTpm(_ => ScriptedTpm.Code(0x101));

        await CliRun.RefusedAsync(2, ["attest", "tpm", .. line.Split(' '), "--tpm", tpm.Address], words);

        Assert.Empty(tpm.Commands);
    }

    [Fact]
    public async Task Where_no_TPM_is_the_error_says_so()
    {
        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", $"device:{folder.Path}/tpmrm0"], "no TPM at", "firmware");
        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", $"swtpm:path={folder.Path}/socket"], "TPM");
        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", "swtpm:host=127.0.0.1,port=9"], "no TPM answers at '127.0.0.1:9'");
    }

    [Fact]
    public async Task A_file_in_the_place_of_a_device_is_not_written_to()
    {
        var file = Path.Combine(folder.Path, "precious");
        await File.WriteAllTextAsync(file, "precious", TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(2, ["attest", "tpm", "show", "--tpm", $"device:{file}"], "is no TPM");

        Assert.Equal("precious", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Who_may_not_use_it_is_told_of_the_group()
    {
        var address = TpmAddress.Parse("device", "--tpm");

        Assert.Equal("/dev/tpmrm0", address.ToString());
        Assert.Contains("'tss'", address.Explain(new UnauthorizedAccessException()), StringComparison.Ordinal);
        Assert.Contains("--tpm device:/dev/tpmrm0", address.Explain(new IOException("Device or resource busy.")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x921u, "TPM_RC_LOCKOUT (0x921)", "dictionary attack", "tpm2_dictionarylockout")]
    [InlineData(0x9A2u, "TPM_RC_BAD_AUTH (0x9A2), session 1", "password")]
    [InlineData(0x185u, "TPM_RC_HIERARCHY (0x185), handle 1", "firmware")]
    [InlineData(0x14Bu, "TPM_RC_NV_SPACE (0x14B)", "room")]
    [InlineData(0x902u, "TPM_RC_OBJECT_MEMORY", "/dev/tpmrm0")]
    [InlineData(0x101u, "TPM_RC_FAILURE", "restart")]
    [InlineData(0xB0143u, "TPM_RC_COMMAND_CODE (0x143)", "does not have this command")]
    [InlineData(0x1D5u, "TPM_RC_SIZE (0x1D5), parameter 1")]
    [InlineData(0x1FFu, "not known here")]
    public async Task What_a_TPM_refuses_is_told_by_name(uint code, params string[] words)
    {
        using var tpm = new ScriptedTpm(_ => ScriptedTpm.Code(code));

        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", tpm.Address], ["the TPM refused ReadPublic", .. words]);
    }

    [Fact]
    public void A_credential_of_another_TPM_is_told_from_other_refusals() =>
        Assert.Contains("attest tpm show", new TpmError(TpmCommandCode.ActivateCredential, 0x1DF).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_TPM_that_is_busy_is_asked_again_and_one_that_was_not_started_is_started()
    {
        // Not started, started, busy, and then refused for good.
        uint[] codes = [0x100, 0, 0x922, 0x101];
        using var tpm = new ScriptedTpm(number => ScriptedTpm.Code(codes[number]));

        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", tpm.Address], "TPM_RC_FAILURE");

        Assert.Equal([0x173u, 0x144u, 0x173u, 0x173u], tpm.Commands);
    }

    [Theory]
    [InlineData("00C40000000A0000001E", "TPM 1.2")]
    [InlineData("80010000000900000000", "no TPM 2.0")]
    [InlineData("8001FFFFFFFF00000000", "no TPM 2.0")]
    [InlineData("80010000000A0000000000", "no TPM 2.0")]
    [InlineData("80010000000C000000000002", "cut short")]
    [InlineData("80010000000A00000000", "cut short")]
    public async Task An_answer_that_no_TPM_gives_is_one_line(string answer, string words)
    {
        using var tpm = new ScriptedTpm(_ => Convert.FromHexString(answer));

        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", tpm.Address], words);
    }

    [Fact]
    public async Task A_Unix_socket_is_spoken_to_as_well()
    {
        var path = Path.Combine(folder.Path, "tpm");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var answering = Task.Run(async () =>
        {
            using var peer = await listener.AcceptAsync(TestContext.Current.CancellationToken);
            await peer.ReceiveAsync(new byte[64], TestContext.Current.CancellationToken);
            await peer.SendAsync(ScriptedTpm.Code(0x101), TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(1, ["attest", "tpm", "show", "--tpm", $"swtpm:path={path}"], "TPM_RC_FAILURE");
        await answering;
    }
}
