"""Building blocks around a forecaster: Jacobian, averaged forecasts, masks, the head."""
