namespace Gatehouse.Server.Startup;

/// <summary>What the terminal shows once the server is ready.</summary>
internal static class Banner
{
    internal static string Text(ConnectionFile connection, string path) => $"""

        Gatehouse {connection.Version} is ready: MQTT on port {connection.Ports.Mqtt}, AMQP on port {connection.Ports.Amqp}, HTTPS on port {connection.Ports.Https}.

          connection string  {connection.Hub.ConnectionString}
          devices provision  host {connection.Dps.HostName}, id scope {connection.Dps.IdScope}
          trust this root    {connection.CaFile}
          for scripts        {path}


        """;
}
