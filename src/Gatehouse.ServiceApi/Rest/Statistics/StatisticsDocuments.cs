namespace Gatehouse.ServiceApi.Rest.Statistics;

/// <summary>Answer of <c>GET /statistics/devices</c>.</summary>
internal sealed record DeviceStatisticsDocument(long TotalDeviceCount, long EnabledDeviceCount, long DisabledDeviceCount);

/// <summary>Answer of <c>GET /statistics/service</c>.</summary>
internal sealed record ServiceStatisticsDocument(long ConnectedDeviceCount);
