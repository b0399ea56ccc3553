namespace Gatehouse.Hub.Tests.Routing;

/// <summary>What several nodes of one server share.</summary>
/// <param name="Postgres">Connection string.</param>
/// <param name="Nats">Address.</param>
/// <param name="Keys">Folder of the keys.</param>
internal sealed record SharedPlaces(string Postgres, string Nats, string Keys);
