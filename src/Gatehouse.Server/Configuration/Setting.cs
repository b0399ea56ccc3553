namespace Gatehouse.Server.Configuration;

/// <summary>One setting of the server: how it is written, what is allowed, what it means. The table of all is <see cref="Settings"/>.</summary>
/// <param name="Name">Name without dashes in front: <c>mqtt-port</c> is <c>--mqtt-port</c>, <c>GATEHOUSE_MQTT_PORT</c> and <c>"mqtt-port"</c> in the settings file.</param>
/// <param name="Allowed">What may stand there, with unit and range.</param>
/// <param name="Default">What holds when it is left out, as a reader would write it.</param>
/// <param name="Meaning">One sentence.</param>
/// <param name="Apply">Takes the text into the options; a sentence when it cannot be taken, else null.</param>
internal sealed record Setting(string Name, string Allowed, string Default, string Meaning, Func<ServerOptions, string, string?> Apply)
{
    /// <summary>May be given more than once (a list in the settings file).</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Takes no value on the command line; <c>true</c> or <c>false</c> elsewhere.</summary>
    public bool IsFlag { get; init; }

    /// <summary>The value is a secret or may hold one (a database URL): it is never repeated in an error.</summary>
    public bool IsSensitive { get; init; }

    public string EnvironmentName => "GATEHOUSE_" + Name.Replace('-', '_').ToUpperInvariant();
}
