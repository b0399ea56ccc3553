using System.Text;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>An event record as texts.</summary>
internal sealed class Stored
{
    internal Stored(byte[] record)
    {
        var reader = new EventReader(record);
        while (reader.Read())
        {
            if (reader.Field is EventField.Application or EventField.ApplicationNull)
            {
                Application.Add((reader.KeyText, reader.Field == EventField.ApplicationNull ? null : reader.ValueText));
            }
            else
            {
                Fields.Add(reader.Field, reader.ValueText);
            }
        }

        Body = reader.Body.ToArray();
    }

    internal Dictionary<EventField, string> Fields { get; } = [];

    internal List<(string Key, string? Value)> Application { get; } = [];

    internal byte[] Body { get; }

    internal string Text => Encoding.UTF8.GetString(Body);
}
