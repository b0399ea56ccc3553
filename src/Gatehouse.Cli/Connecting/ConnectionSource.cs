namespace Gatehouse.Cli.Connecting;

/// <summary>Which hub is meant: <c>--connection-string</c>, else <c>--data</c>, else GATEHOUSE_CONNECTION_STRING, else the usual data directory.</summary>
/// <remarks>What a connection string does not say (ports, root) is taken from the connection.json of a server for the same host, if there is one.</remarks>
internal sealed record ConnectionSource
{
    private const string StringVariable = "GATEHOUSE_CONNECTION_STRING";
    private const string DataVariable = "GATEHOUSE_DATA";
    private const string CaVariable = "GATEHOUSE_CA_FILE";

    internal string? ConnectionString { get; init; }

    internal string? DataDirectory { get; init; }

    internal string? CaFile { get; init; }

    internal required Func<string, string?> Environment { get; init; }

    /// <summary>PEM file of the only roots to trust, where no data directory counts; null for the system's.</summary>
    internal string? Root => CaFile ?? Given(CaVariable);

    private string Directory => DataDirectory ?? Given(DataVariable) ?? ConnectionFile.DefaultDirectory();

    /// <summary>Reads anew each time: a server that was started again may have other ports.</summary>
    internal HubAddress Resolve() => Resolve(file => file.HubConnectionString);

    /// <summary>The same for the provisioning service: a connection string is then one of a policy of the service.</summary>
    internal HubAddress ResolveProvisioning() => Resolve(file => file.ProvisioningConnectionString
        ?? throw new CliException($"'{file.Path}' names no provisioning service (dps). Start the server anew, or name the service with --connection-string."));

    private HubAddress Resolve(Func<ConnectionFile, string> choose)
    {
        if (ConnectionString is { } given)
        {
            return FromText(given, "--connection-string");
        }

        return DataDirectory is null && Given(StringVariable) is { } variable ? FromText(variable, StringVariable) : FromFile(choose);
    }

    // A secret of its own never ends up in a printed record.
    public override string ToString() => "***";

    private HubAddress FromText(string text, string source)
    {
        var policy = PolicyConnectionString.Parse(text, source);
        var local = TryReadLocal();
        local = local is not null && string.Equals(local.HostName, policy.HostName, StringComparison.OrdinalIgnoreCase) ? local : null;
        return new HubAddress
        {
            Policy = policy,
            HttpsPort = policy.Port ?? local?.HttpsPort ?? HubAddress.UsualHttpsPort,
            MqttPort = local?.MqttPort ?? HubAddress.UsualMqttPort,
            CaFile = Root ?? local?.CaFile,
            Source = source,
        };
    }

    private HubAddress FromFile(Func<ConnectionFile, string> choose)
    {
        var file = ConnectionFile.Read(Directory)
            ?? throw new CliException($"no server runs on '{Directory}' (it has no connection.json). Start one with 'gatehouse up', name its directory with --data, or name a hub with --connection-string.");
        return new HubAddress
        {
            Policy = PolicyConnectionString.Parse(choose(file), file.Path),
            HttpsPort = file.HttpsPort,
            MqttPort = file.MqttPort,
            CaFile = Root ?? file.CaFile,
            Source = file.Path,
        };
    }

    // A local server is a convenience here, not what was asked for: what is wrong with its file does not matter.
    private ConnectionFile? TryReadLocal()
    {
        try
        {
            return ConnectionFile.Read(Directory);
        }
        catch (CliException)
        {
            return null;
        }
    }

    private string? Given(string variable) => Environment(variable) is { Length: > 0 } value ? value : null;
}
