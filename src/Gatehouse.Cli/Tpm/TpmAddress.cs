using System.Globalization;
using System.Net.Sockets;

namespace Gatehouse.Cli.Tpm;

/// <summary>Where a TPM is reached, in the words of the TPM software stack's transports (TCTI): a device of the kernel, or an swtpm at a TCP port or a Unix socket.</summary>
internal sealed record TpmAddress
{
    internal const string Default = "device:" + DefaultDevice;
    internal const string Forms = "device:PATH, swtpm:host=HOST,port=PORT or swtpm:path=SOCKET";

    private const string DefaultDevice = "/dev/tpmrm0";
    private const string DefaultHost = "127.0.0.1";
    private const int DefaultPort = 2321;

    // The slowest command makes an RSA key: minutes on old chips.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(5);

    private readonly string? device;
    private readonly string? socket;
    private readonly string host = DefaultHost;
    private readonly int port = DefaultPort;

    private TpmAddress(string? device, string? socket) => (this.device, this.socket) = (device, socket);

    private TpmAddress(string host, int port) => (this.host, this.port) = (host, port);

    /// <param name="text">The transport's name, then after a colon what it needs.</param>
    /// <param name="option">Where it was given, for errors.</param>
    internal static TpmAddress Parse(string text, string option)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (name, rest) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        return name switch
        {
            "device" => new TpmAddress(rest.Length == 0 ? DefaultDevice : rest, null),
            "swtpm" => Swtpm(rest, option),
            _ => throw CliException.Usage($"{option}: '{text}' is not understood; the forms are {Forms}."),
        };
    }

    /// <exception cref="CliException">There is none, or this user may not use it.</exception>
    internal Stream Open()
    {
        try
        {
            return device is not null ? OpenDevice(device) : OpenSocket();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SocketException)
        {
            throw new CliException(Explain(error), ExitCode.Refused, error);
        }
    }

    public override string ToString() => device ?? socket ?? $"{host}:{port}";

    internal string Explain(Exception error) => error switch
    {
        UnauthorizedAccessException => $"this user may not use the TPM at '{this}'. Most systems let the group 'tss' do so: sudo usermod -aG tss USER, then log in anew; or run this as root.",
        FileNotFoundException or DirectoryNotFoundException =>
            $"there is no TPM at '{this}'. Is it switched on in the firmware (BIOS), and is this Linux 4.12 or newer? An emulator is named with --tpm swtpm:….",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.AddressNotAvailable } => $"no TPM answers at '{this}'. Is swtpm running there?",
        _ => $"the TPM at '{this}' cannot be opened: {error.Message.TrimEnd('.')}. If another program holds it, name the shared device: --tpm {Default}.",
    };

    private static TpmAddress Swtpm(string text, string option)
    {
        string? path = null;
        var (host, port) = (DefaultHost, DefaultPort);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part.Split('=', 2))
            {
                case ["path", { Length: > 0 } value]:
                    path = value;
                    break;
                case ["host", { Length: > 0 } value]:
                    host = value;
                    break;
                case ["port", var value] when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65_535:
                    port = number;
                    break;
                default:
                    throw CliException.Usage($"{option}: '{part}' is not understood; the forms are {Forms}.");
            }
        }

        return path is null ? new TpmAddress(host, port) : new TpmAddress(null, path);
    }

    private static FileStream OpenDevice(string path)
    {
        // One write is one command: nothing may lie in a buffer.
        var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 });
        if (!stream.CanSeek)
        {
            return stream;
        }

        // A file or a disk: it must not be written to.
        stream.Dispose();
        throw CliException.Usage($"'{path}' is no TPM: a device such as {DefaultDevice} is expected.");
    }

    private NetworkStream OpenSocket()
    {
        var connected = socket is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            connected.ReceiveTimeout = connected.SendTimeout = (int)AnswerTimeout.TotalMilliseconds;
            if (socket is null)
            {
                connected.Connect(host, port);
                connected.NoDelay = true;
            }
            else
            {
                connected.Connect(new UnixDomainSocketEndPoint(socket));
            }

            return new NetworkStream(connected, ownsSocket: true);
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }
}
